/** What the second scheduler of TwoSchedulers.test.ts runs. */
import * as System from "@understudy/core/System"
import { Registry } from "@understudy/registry"
import { quiet, SeatLive } from "./members.ts"

const program = { implementations: [SeatLive, Registry.implementation], layer: quiet }

System.main(import.meta, program)
