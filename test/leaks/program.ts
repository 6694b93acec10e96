/** The program of the systems that are measured. What ends in it does so on purpose, and is not logged. */
import { Registry } from "@understudy/registry"
import { Supervisor } from "@understudy/supervisor"
import * as Logger from "effect/Logger"
import { FullLive, ServerLive, ShortLive, StillbornLive } from "./actors.ts"

/** The same on every scheduler. */
export const program = {
  implementations: [ServerLive, FullLive, StillbornLive, ShortLive, Supervisor.implementation, Registry.implementation],
  layer: Logger.layer([Logger.make(() => undefined)])
}
