/** The program of the conformance systems. Processes die in it on purpose: what is logged of that goes to the journal. */
import { Registry } from "@understudy/registry"
import { Supervisor } from "@understudy/supervisor"
import * as Logger from "effect/Logger"
import { PuppetLive } from "./actors.ts"
import { AnswererLive, PickyLive } from "./answerers.ts"
import { boundedLive, GateLive } from "./bounded.ts"
import { ChooserLive, ErrandLive } from "./errands.ts"
import { DeafLive, JournalLive, journalLogger, PhoenixLive } from "./journal.ts"
import { LeaverLive, LeavingServerLive } from "./leavers.ts"
import { CryLive, HeraldLive, KeeperLive, PusherLive, SpeakerLive } from "./speakers.ts"
import { RollLive, StillbornLive, StillbornRawLive } from "./stillborn.ts"

/** The same on every scheduler. */
export const program = {
  implementations: [
    PuppetLive,
    ErrandLive,
    ChooserLive,
    JournalLive,
    DeafLive,
    PhoenixLive,
    GateLive,
    ...boundedLive,
    HeraldLive,
    CryLive,
    KeeperLive,
    SpeakerLive,
    PusherLive,
    AnswererLive,
    PickyLive,
    LeaverLive,
    LeavingServerLive,
    RollLive,
    StillbornLive,
    StillbornRawLive,
    Supervisor.implementation,
    Registry.implementation
  ],
  layer: Logger.layer([journalLogger])
}
