/** What the worker schedulers of these systems run. */
import { System } from "@understudy/core"
import { programs } from "./twinPrograms.ts"

System.main(import.meta, programs.one)
