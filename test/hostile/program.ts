/** The program of these systems. What dies in it does so on purpose: the log writes each line to nowhere, after all has been formatted. */
import { Registry } from "@understudy/registry"
import { Supervisor } from "@understudy/supervisor"
import * as Logger from "effect/Logger"
import { RawLive, StillbornLive, TakerLive } from "./actors.ts"

const formatters = [Logger.formatLogFmt, Logger.formatJson]
const formatted = formatters.map((formatter) => Logger.map(formatter, () => undefined))

/** The same on every scheduler. */
export const program = {
  implementations: [TakerLive, StillbornLive, RawLive, Supervisor.implementation, Registry.implementation],
  layer: Logger.layer(formatted)
}
