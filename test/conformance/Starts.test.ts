// A start that fails, however it does: when its outcome is known, its process is over and its name is free.
import { ExitReason, GenServer, Process } from "@understudy/core"
import { Supervisor } from "@understudy/supervisor"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { expect } from "vitest"
import type { Word } from "./actors.ts"
import { Gate } from "./bounded.ts"
import { type Birth, Roll, releasing, Stillborn, StillbornRaw, waiting, why } from "./stillborn.ts"
import { drain, forEachSystem, loseScheduler, reasonOf, rounds, type Tester } from "./systems.ts"
import type { Place } from "./testers.ts"

type GateRef = GenServer.PidRef<(typeof Gate)["protocol"]>
type RollRef = GenServer.PidRef<(typeof Roll)["protocol"]>

/** One start: who does not start, where, and under which name. */
interface Attempt {
  readonly birth: Birth
  readonly name: string
  readonly place: Place
  readonly timeout: number | undefined
}

type Start = (attempt: Attempt) => Effect.Effect<unknown, unknown, Process.Provided>

/** Everybody who can start a server. Each fails as the start does. */
const starters: Readonly<Record<string, Start>> = {
  start: ({ birth, name, place, timeout }) => GenServer.start(Stillborn, birth, { name, timeout, ...place }),
  startLink: ({ birth, name, place, timeout }) => GenServer.startLink(Stillborn, birth, { name, timeout, ...place }),
  startMonitor: ({ birth, name, place, timeout }) =>
    GenServer.startMonitor(Stillborn, birth, { name, timeout, ...place }),
  "a supervisor's startChild": ({ birth, name, place }) =>
    Effect.flatMap(
      Supervisor.startChild(starting, Supervisor.child(Stillborn, birth, { name, restart: "temporary", ...place })),
      (pid) => (pid === undefined ? Effect.fail({ problem: "ignored" }) : Effect.void)
    ),
  "a dynamic supervisor's start": ({ birth, name, place }) =>
    choir.start(birth, { name, restart: "temporary", ...place }),
  "a supervisor's start": ({ birth, name, place }) =>
    Effect.flatMap(
      Supervisor.start(
        Supervisor.supervisor(`${starting} with a child`, {
          strategy: "one-for-one",
          children: [Supervisor.child(Stillborn, birth, { name, ...place })]
        })
      ),
      // It starts without a child that ignores
      (started) => Effect.andThen(Supervisor.stop(started), Effect.fail({ problem: "ignored" }))
    )
}

const starting = "starts"
const choir = Supervisor.dynamic("starts dynamically", Stillborn)

/** A way to fail: what the start fails with, and what ends it. */
interface Failure {
  readonly way: Birth["way"]
  readonly problem: string
  readonly reason?: object
  readonly timeout?: number
  /** What ends a process that would never initialise. */
  readonly end?: ExitReason.ExitReason
  /** It is told at once, whatever its finalizers do: it was killed. */
  readonly atOnce?: true
  /** A linked starter that traps exits gets an EXIT as well, with this reason. Default: the reason. */
  readonly exit?: object | "none"
}

const failed = { _tag: "Failed", error: why }

const failures: Readonly<Record<string, Failure>> = {
  "GS04 stops": { way: "stops", problem: "failed", reason: failed },
  "GS04 shuts down": { way: "shuts down", problem: "failed", reason: { _tag: "Shutdown", detail: why } },
  "GS04 fails": { way: "fails", problem: "failed", reason: failed },
  "GS04 dies": { way: "dies", problem: "failed", reason: { _tag: "Died" } },
  "GS04 throws": { way: "throws", problem: "failed", reason: { _tag: "Died" } },
  "GS07 exits": { way: "exits", problem: "failed", reason: failed },
  "GS09 answers a call that nobody has made": {
    way: "answers nobody",
    problem: "failed",
    reason: { _tag: "Failed", error: { _tag: "BadReturnValue" } }
  },
  "GS05 ignores": { way: "ignores", problem: "ignored", exit: ExitReason.normal },
  "GS10 takes longer than its timeout": { way: "never", problem: "timeout", timeout: 10, atOnce: true, exit: "none" },
  "is ended by an exit signal": {
    way: "never",
    problem: "failed",
    reason: ExitReason.shutdown,
    end: ExitReason.shutdown
  },
  "is killed": { way: "never", problem: "failed", reason: ExitReason.killed, end: ExitReason.kill, atOnce: true }
}

/** What a start has failed with: of a supervisor, what its child has. */
const errorOf = (exit: Exit.Exit<unknown, unknown>): unknown => {
  const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : exit
  const { reason } = error as { readonly reason?: ExitReason.ExitReason }
  const detail = reason?._tag === "Shutdown" ? reason.detail : undefined
  return (detail as { readonly _tag?: string } | undefined)?._tag === "FailedToStartChild" ? detail : error
}

let lastKey = 0

forEachSystem("S starts", ({ here, scenario, schedulers, system, there }) => {
  /** Who plays beside those that are started, and how these are by default. */
  const cast = (tester: Tester) =>
    Effect.gen(function* () {
      const gate = yield* GenServer.start(Gate, {}, here)
      const roll = yield* GenServer.start(Roll, {}, here)
      const birth: Birth = { way: "well", release: "nothing", key: "", to: tester.pid, roll, gate }
      return { gate, roll, birth }
    })

  const startSupervisors = Supervisor.start(
    Supervisor.supervisor(starting, { strategy: "one-for-one", children: [choir.spec] })
  )

  const isOver = (pid: Process.Pid) => Effect.map(Process.info(pid), (info) => info === undefined)

  /** What must be so as soon as the outcome of a start is known. */
  const expectOver = (about: string, roll: RollRef, key: string, name: string, holder?: Process.Pid) =>
    Effect.gen(function* () {
      // Asked first: nothing else has been said to anybody since
      expect(String(yield* Process.whereis(name)), about).toBe(String(holder))
      for (const pid of yield* roll.all({ key })) expect(yield* isOver(pid), about).toBe(true)
    })

  /** The reasons of the EXITs that wait; there is no Down, and no word that was not heard. */
  const exitsOf = (about: string, messages: ReadonlyArray<Process.Received<Word>>) => {
    expect(
      messages.filter((message) => !(message instanceof Process.Exit) && message !== releasing && message !== waiting),
      about
    ).toEqual([])
    return messages.filter((message) => message instanceof Process.Exit).map(({ reason }) => reason)
  }

  for (const [starter, start] of Object.entries(starters)) {
    const isSupervised = starter.includes("supervisor")

    for (const [title, failure] of Object.entries(failures)) {
      // Supervisors wait for their children however long they take
      if (isSupervised && failure.timeout !== undefined) continue

      scenario(`S53 ${title}: told by ${starter} when the process is over and its name is free`, function* (tester) {
        const { birth: usual, gate, roll } = yield* cast(tester)
        if (isSupervised) yield* startSupervisors
        yield* Process.trapExit(true)
        for (const release of ["nothing", "at once", "held"] as const) {
          if (failure.way === "throws" && release !== "nothing") continue
          const about = `${title}, ${release}`
          const key = `start ${++lastKey}`
          const name = key
          const birth = { ...usual, way: failure.way, release, key }
          const attempt = { birth, name, place: there, timeout: failure.timeout }
          // The second does at once what the first did
          for (const round of ["first", "second"]) {
            const outcome = yield* Effect.forkChild(Effect.exit(start(attempt)), { startImmediately: true })
            if (failure.end !== undefined) {
              yield* tester.receiveWhen((message): message is string => message === waiting)
              yield* Process.exit((yield* Process.whereis(name))!, failure.end)
            }
            if (release === "held" && failure.atOnce !== true) yield* finishHeld(tester, about, outcome, gate, name)
            const exit = yield* Fiber.join(outcome)
            yield* expectOver(`${about}, ${round}`, roll, key, name)
            const { problem, reason } = failure
            expect(errorOf(exit), `${about}, ${round}`).toMatchObject(
              reason === undefined ? { problem } : { problem, reason }
            )
            const exits = exitsOf(about, yield* drain(tester))
            const expected = failure.exit ?? failure.reason
            if (starter === "startLink" && expected !== "none") {
              expect(exits, about).toMatchObject([expected ?? {}])
            } else expect(exits, about).toEqual([])
            const info = yield* Process.info(tester.pid)
            expect(info, about).toMatchObject({ links: [], monitors: [] })
            // What has outlived its process comes to its end
            yield* gate.open()
          }
        }
        if (isSupervised) yield* Supervisor.stop(starting)
      })
    }
  }

  /** A finalizer is held: the start has no outcome yet, and its process is there. Then the finalizer is let go. */
  const finishHeld = (tester: Tester, about: string, outcome: Fiber.Fiber<unknown>, gate: GateRef, name: string) =>
    Effect.gen(function* () {
      yield* tester.receiveWhen((message): message is string => message === releasing)
      while ((yield* gate.waiting()) === 0) yield* Effect.yieldNow
      const pid = yield* Process.whereis(name)
      expect(pid, about).toBeDefined()
      expect(yield* isOver(pid!), about).toBe(false)
      expect(outcome.pollUnsafe(), about).toBeUndefined()
      yield* gate.open()
    })

  for (const [starter, start] of Object.entries({
    ...starters,
    "start of a raw process": ({ name, place, timeout }: Attempt) =>
      Process.start(StillbornRaw, {}, { name, timeout, ...place }),
    "startLink of a raw process": ({ name, place, timeout }: Attempt) =>
      Process.startLink(StillbornRaw, {}, { name, timeout, ...place })
  })) {
    const isSupervised = starter.includes("supervisor")

    scenario(`S53 N09 finds its name taken: told by ${starter}, whose process is over`, function* (tester) {
      const { birth, roll } = yield* cast(tester)
      if (isSupervised) yield* startSupervisors
      yield* Process.trapExit(true)
      for (const place of [here, there]) {
        const name = `start ${++lastKey}`
        const holder = yield* Process.start(StillbornRaw, {}, { name, ...here })
        for (const round of ["first", "second"]) {
          const attempt = { birth: { ...birth, way: "well" as const, key: name }, name, place, timeout: undefined }
          const exit = yield* Effect.exit(start(attempt))
          yield* expectOver(round, roll, name, name, holder)
          // A process that was refused has its name as its label
          expect(
            (yield* Process.list).filter(({ label, pid }) => label === name && String(pid) !== String(holder))
          ).toEqual([])
          expect(errorOf(exit), round).toMatchObject(
            starter === "a supervisor's start"
              ? { problem: "already-started" }
              : { problem: "already-started", pid: String(holder) }
          )
          expect(exitsOf(round, yield* drain(tester))).toEqual([])
          expect(yield* Process.info(tester.pid)).toMatchObject({ links: [], monitors: [] })
        }
        yield* Process.exit(holder, ExitReason.kill)
      }
      if (isSupervised) yield* Supervisor.stop(starting)
    })

    if (isSupervised) continue

    scenario(`S53 GS10 is over as its time is: told by ${starter} as one or the other`, function* (tester) {
      const { birth, roll } = yield* cast(tester)
      let late = 0
      for (let round = 0; round < rounds; round++) {
        const name = `start ${++lastKey}`
        const place = round % 3 === 0 ? here : there
        const attempt = { birth: { ...birth, way: "well" as const, key: name }, name, place, timeout: round % 2 }
        const exit = yield* Effect.exit(start(attempt))
        if (Exit.isFailure(exit)) {
          late++
          yield* expectOver("timed out", roll, name, name)
          expect(errorOf(exit)).toMatchObject({ problem: "timeout", milliseconds: round % 2 })
          expect(yield* drain(tester)).toEqual([])
          // And now it has all the time it needs
          yield* start({ ...attempt, timeout: undefined })
        }
        const pid = yield* Process.whereis(name)
        expect(yield* Process.isAlive(pid!)).toBe(true)
        yield* Process.unlink(pid!)
        yield* Process.exit(pid!, ExitReason.kill)
        yield* settled(tester, pid!)
        yield* drain(tester)
      }
      // No answer comes from another scheduler in no time, but in virtual time
      if (schedulers > 1 && system.name !== "simulated") expect(late).toBeGreaterThan(0)
    })

    scenario(`S53 is of arguments or of options that are none: ${starter} starts nothing`, function* (tester) {
      const { birth, roll } = yield* cast(tester)
      const name = `start ${++lastKey}`
      const attempt = { birth: { ...birth, key: name }, name, place: there, timeout: undefined }
      const isRaw = starter.includes("raw")
      for (const wrong of [
        ...(isRaw ? [] : [{ ...attempt, birth: { ...attempt.birth, way: "no way" as never } }]),
        { ...attempt, timeout: -1 },
        { ...attempt, place: { on: { scheduler: schedulers } } }
      ]) {
        for (const round of ["first", "second"]) {
          const exit = yield* Effect.exit(start(wrong))
          expect(Exit.isFailure(exit), round).toBe(true)
          yield* expectOver(round, roll, name, name)
          expect(yield* drain(tester)).toEqual([])
          expect(yield* Process.info(tester.pid)).toMatchObject({ links: [], monitors: [] })
        }
      }
    })

    // A virtual scheduler may be there in no time
    if (!system.threads) continue

    scenario(
      `S53 GS10 takes longer than its timeout while its scheduler is started: told by ${starter} at once, and nothing is started`,
      function* (tester) {
        const { birth, roll } = yield* cast(tester)
        yield* loseScheduler(tester)
        const name = `start ${++lastKey}`
        const attempt = { birth: { ...birth, way: "well" as const, key: name }, name, place: there, timeout: 0 }
        const exit = yield* Effect.exit(start(attempt))
        yield* expectOver("timed out", roll, name, name)
        expect(errorOf(exit)).toMatchObject({ problem: "timeout" })
        // Behind it
        yield* GenServer.start(Gate, {}, there)
        yield* expectOver("started", roll, name, name)
        expect(yield* roll.all({ key: name })).toEqual([])
      }
    )
  }

  for (const release of ["nothing", "at once", "held"] as const) {
    scenario(
      `S53 N18 a restart that fails is tried again when its process is over, whether it releases ${release}`,
      function* (tester) {
        const { birth, gate, roll } = yield* cast(tester)
        const name = `start ${++lastKey}`
        const child = { ...birth, way: "stops" as const, release, key: name, attempt: 2 }
        yield* Supervisor.start(
          Supervisor.supervisor(starting, {
            strategy: "one-for-one",
            intensity: { restarts: 2, within: "1 hour" },
            children: [Supervisor.child(Stillborn, child, { name, ...there })]
          })
        )
        const first = yield* Process.whereis(name)
        yield* Stillborn.named(name).crash()
        if (release === "held") {
          // Of the first, and of the second
          for (const _ of [1, 2]) {
            yield* tester.receiveWhen((message): message is string => message === releasing)
            while ((yield* gate.waiting()) === 0) yield* Effect.yieldNow
            yield* gate.open()
          }
        }
        // Asked behind a restart
        while ((yield* roll.all({ key: name })).length < 3) yield* Effect.yieldNow
        const [running] = yield* Supervisor.whichChildren(starting)
        const third = yield* Process.whereis(name)
        expect(String(running?.pid)).toBe(String(third))
        expect(String(third)).not.toBe(String(first))
        expect(yield* roll.all({ key: name })).toHaveLength(3)
        const stopping = yield* Effect.forkChild(Supervisor.stop(starting), { startImmediately: true })
        if (release === "held") {
          while ((yield* gate.waiting()) === 0) yield* Effect.yieldNow
          yield* gate.open()
        }
        yield* Fiber.join(stopping)
      }
    )
  }

  const settled = (tester: Tester, pid: Process.Pid) =>
    Effect.flatMap(Process.monitor(pid), (ref) => reasonOf(tester, ref))
})
