/**
 * The workloads on xstate. Its actors run where they are sent to: `send` returns when the event was handled, and with it
 * all that came of it, unless the actor was busy. That makes it the limit of what a call of a function costs with an
 * actor around it. Its actors have no turn of their own, no fairness, no supervision, no timeouts of calls and no
 * validation; there is no call either, so here it is an event that names whom to answer. A callback at an actor's end
 * stands for the monitor. There is no latency beside hogs: nothing runs beside what computes.
 */
import type { PeerPrograms } from "../PeerPrograms.ts"
import { messages } from "./messages.ts"
import { processes } from "./processes.ts"

/** See the file's header. */
export const programs: PeerPrograms = { ...processes, ...messages }
