// What the second scheduler of the scenarios of area GS runs.
import { System } from "../../src/index.ts"
import { program } from "./servers.ts"

System.main(import.meta, program)
