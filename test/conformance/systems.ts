/**
 * What the conformance scenarios of this folder are played on, and the steps that many of them take.
 */
import { ExitReason, GenServer, Process, System } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { expect } from "vitest"
import { Puppet, Word } from "./actors.ts"
import { forgetLines } from "./journal.ts"
import { program } from "./program.ts"
import * as Testers from "./testers.ts"

/** The tester's view of itself. */
export type Tester = Process.Self<Word>

/** A system a scenario is played on, and how. */
export interface Stage extends Testers.Stage<Word> {
  /** {@link holdUntilEnded} on the scheduler away from the tester. Returns `false` at once where nothing is ever underway. */
  readonly hold: (limit?: number) => Effect.Effect<boolean, never, System.System>
}

const play = {
  mailbox: Word,
  entry: new URL("./entry.ts", import.meta.url),
  // Each run of a simulation is a new system with the same pids
  program: { ...program, layer: Layer.merge(program.layer, Layer.effectDiscard(Effect.sync(forgetLines))) },
  layer: (settings: object) => System.layer({ ...program, ...settings })
}

/** Declares the scenarios of one area for each system, each booted once for all of them. */
export const forEachSystem = (area: string, declare: (stage: Stage) => void): void =>
  Testers.onEachSystem(area, play, (stage) => {
    const { schedulers, system } = stage
    declare({
      ...stage,
      hold: (limit) =>
        // In a simulation schedules decide what is underway
        system.name === "simulated"
          ? Effect.succeed(false)
          : schedulers === 1
            ? Effect.as(endTurn, false)
            : holdUntilEnded(schedulers - 1, system.threads, limit)
    })
  })

/** How often a race is run. The catalogue says 200 to 1000; this keeps the suite short on a busy machine. */
export const rounds = 200

/** Fails when anything waits in the tester's mailbox. Only looks: whoever could have sent must have been asked before. */
export const expectNothing = (tester: Tester) =>
  Effect.flatMap(Effect.result(tester.receiveWithin(0)), (found) =>
    Effect.sync(() => expect(found._tag === "Success" ? describeReceived(found.success) : "nothing").toBe("nothing"))
  )

/** Takes everything that waits, oldest first. Only looks, as {@link expectNothing} does. */
export const drain = (tester: Tester) =>
  Effect.gen(function* () {
    const found: Array<Process.Received<Word>> = []
    while (true) {
      const next = yield* Effect.result(tester.receiveWithin(0))
      if (next._tag === "Failure") return found
      found.push(next.success)
    }
  })

const describeReceived = (message: Process.Received<Word>): string =>
  message instanceof Process.Down
    ? `Down of ${message.pid}: ${ExitReason.format(message.reason)}`
    : message instanceof Process.Exit
      ? `Exit from ${message.from}: ${ExitReason.format(message.reason)}`
      : `message ${message}`

/** The next Down, whatever else waits. */
export const nextDown = (tester: Tester) => tester.receiveTag("Down")

/** The next trapped exit, whatever else waits. */
export const nextExit = (tester: Tester) => tester.receiveTag("Exit")

/** Waits for the end of a process and gives its reason. */
export const reasonOf = (tester: Tester, ref: Process.MonitorRef) =>
  Effect.map(
    tester.receiveWhen((message): message is Process.Down => message instanceof Process.Down && message.ref === ref),
    (down) => down.reason
  )

/** Ends a process that is not trapping exits, and waits until it is gone. */
export const bury = (tester: Tester, ref: { readonly pid: Process.Pid }) =>
  Effect.gen(function* () {
    const monitor = yield* Process.monitor(ref.pid)
    yield* Process.exit(ref.pid, ExitReason.kill)
    yield* reasonOf(tester, monitor)
  })

/** A time that no test waits for, in milliseconds. */
export const long = 1_000_000

/** How much of {@link long} a busy machine may let go by between two steps of a test. */
export const slack = 60_000

/**
 * Does `step` with timers that are set for so many milliseconds, and again with a longer time as long as it says that one of
 * them was over too early: the machine was busy.
 */
export const inTime = <A>(step: (milliseconds: number) => Effect.Effect<A | undefined, unknown, Process.Provided>) =>
  Effect.gen(function* () {
    for (let milliseconds = 20; ; milliseconds *= 2) {
      const done = yield* step(milliseconds)
      if (done !== undefined) return done
    }
  })

/** Whether all these timers are still to fire. */
export const pending = (...refs: ReadonlyArray<number>) =>
  Effect.map(
    Effect.forEach(refs, (ref) => Process.readTimer(ref as Process.TimerRef)),
    (left) => left.every((milliseconds) => milliseconds !== undefined)
  )

/** How many processes a scheduler says it has, read from shared memory. */
const processesOf = (host: System.System["Service"], scheduler: number): number =>
  Effect.runSync(Effect.provideService(System.schedulers, System.System, host))[scheduler]?.processes ?? 0

/** A turn ends, and what it sent goes out. What follows runs before the next one. */
const endTurn = Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void)))

/**
 * Sends off what this scheduler has to send, and then lets it take in nothing until a process of another scheduler has
 * ended: its last signals are underway then, and not here. Gives up after `limit` milliseconds; returns whether the end was seen.
 */
const holdUntilEnded = (scheduler: number, threads: boolean, limit = 10) =>
  Effect.gen(function* () {
    const host = yield* System.System
    const before = processesOf(host, scheduler)
    yield* endTurn
    const until = performance.now() + limit
    while (processesOf(host, scheduler) >= before) {
      if (performance.now() > until) return false
      // A thread of its own goes on by itself, and whatever let go of this one would also take its signals in
      if (!threads) yield* endTurn
    }
    return true
  })

/** Asks `roundTrip` until the other scheduler's count of processes is up to date: it is written after the answer. */
export const untilCounted = (
  scheduler: number,
  processes: number,
  roundTrip: Effect.Effect<unknown, unknown, System.System>
) =>
  Effect.gen(function* () {
    const host = yield* System.System
    do yield* roundTrip
    while (processesOf(host, scheduler) !== processes)
  })

/** The slot that is killed. */
export const lost = 1

/** Ends the other scheduler and everything on it; what is started there next waits for the next one. */
export const loseScheduler = (tester: Tester) =>
  Effect.gen(function* () {
    const last = yield* GenServer.start(Puppet, {}, { on: { scheduler: lost } })
    const ref = yield* Process.monitor(last.pid)
    yield* System.killScheduler(lost)
    expect(yield* reasonOf(tester, ref)).toEqual(ExitReason.schedulerDown(lost))
    return last
  })
