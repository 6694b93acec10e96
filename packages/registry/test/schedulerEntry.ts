/** What the second scheduler of these tests runs. */
import * as System from "@understudy/core/System"
import { Registry } from "@understudy/registry"
import { MemberLive, quiet, SeatLive } from "./members.ts"

const program = { implementations: [MemberLive, SeatLive, Registry.implementation], layer: quiet }

System.main(import.meta, program)
