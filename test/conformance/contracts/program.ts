/** The program of the systems on which messages go astray. What is logged of that is nobody's news: the events are looked at. */
import { Registry } from "@understudy/registry"
import { Supervisor } from "@understudy/supervisor"
import * as Logger from "effect/Logger"
import {
  AnythingLive,
  BrokerLive,
  DiaryLive,
  GateLive,
  IncompleteLive,
  LedgerLive,
  ListenerLive,
  MeantBoundedLive,
  MeantLive,
  SelfishLive,
  SelfishRawLive,
  StuckLive
} from "./actors.ts"

/** The same on every scheduler. */
export const program = {
  implementations: [
    MeantLive,
    MeantBoundedLive,
    LedgerLive,
    DiaryLive,
    GateLive,
    ListenerLive,
    AnythingLive,
    BrokerLive,
    IncompleteLive,
    SelfishLive,
    SelfishRawLive,
    StuckLive,
    Supervisor.implementation,
    Registry.implementation
  ],
  layer: Logger.layer([Logger.make(() => undefined)])
}
