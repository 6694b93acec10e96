/** What the worker schedulers of the system tests run. */
import { System } from "../../src/index.ts"
import { implementations } from "./actors.ts"

System.main(import.meta, { implementations })
