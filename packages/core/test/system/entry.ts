/** What the worker schedulers of the system tests run. */
import { System } from "../../src/index.ts"
import { OracleLive, WorkerLive } from "./actors.ts"

System.main(import.meta, { implementations: [WorkerLive, OracleLive] })
