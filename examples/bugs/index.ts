/** All programs of this folder. */

import { bug as cacheRefill } from "./cache-refill.ts"
import { bug as callCycle } from "./call-cycle.ts"
import { bug as doubleReply } from "./double-reply.ts"
import { bug as endedAlias } from "./ended-alias.ts"
import { bug as initAsksSupervisor } from "./init-asks-supervisor.ts"
import { bug as lateReply } from "./late-reply.ts"
import { bug as lostUpdate } from "./lost-update.ts"
import { bug as mailboxGrowth } from "./mailbox-growth.ts"
import { bug as monitorAfterSpawn } from "./monitor-after-spawn.ts"
import { bug as monitorLeak } from "./monitor-leak.ts"
import { bug as nameCheckThenAct } from "./name-check-then-act.ts"
import { bug as readBeforeLoad } from "./read-before-load.ts"
import { bug as registryCheckThenAct } from "./registry-check-then-act.ts"
import { bug as restartStorm } from "./restart-storm.ts"
import { bug as schedulerLost } from "./scheduler-lost.ts"
import { bug as siblingOrder } from "./sibling-order.ts"
import { bug as stalePid } from "./stale-pid.ts"
import { bug as startAndRegister } from "./start-and-register.ts"
import type { Bug } from "./support.ts"
import { bug as timerAfterCancel } from "./timer-after-cancel.ts"
import { bug as tornRead } from "./torn-read.ts"
import { bug as unlinkRace } from "./unlink-race.ts"

/** In the order of the README. */
export const bugs: ReadonlyArray<Bug> = [
  lostUpdate,
  tornRead,
  nameCheckThenAct,
  registryCheckThenAct,
  callCycle,
  stalePid,
  unlinkRace,
  timerAfterCancel,
  startAndRegister,
  restartStorm,
  mailboxGrowth,
  monitorLeak,
  monitorAfterSpawn,
  siblingOrder,
  lateReply,
  schedulerLost,
  endedAlias,
  doubleReply,
  readBeforeLoad,
  cacheRefill,
  initAsksSupervisor
]
