/** The program of the conformance systems: the puppet, and no logger, since processes die in it on purpose. */
import * as Logger from "effect/Logger"
import { PuppetLive } from "./actors.ts"

/** The same on every scheduler. */
export const program = { implementations: [PuppetLive], layer: Logger.layer([]) }
