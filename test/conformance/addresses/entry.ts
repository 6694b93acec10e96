/** What the worker schedulers of these systems run. */
import { System } from "@understudy/core"
import { program } from "./actors.ts"

System.main(import.meta, program)
