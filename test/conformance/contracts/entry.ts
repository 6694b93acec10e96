/** What the worker schedulers of these systems run. */
import { System } from "@understudy/core"
import { program } from "./program.ts"

System.main(import.meta, program)
