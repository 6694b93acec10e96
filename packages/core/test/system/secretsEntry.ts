/** What the worker schedulers of the tests of reports run. */
import { System } from "../../src/index.ts"
import { program } from "./secrets.ts"

System.main(import.meta, program)
