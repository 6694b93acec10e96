// What a process's code can still reach once its end was told: nobody. And what it says before, which arrives first.
import { ExitReason, GenServer, Process, System } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { expect } from "vitest"
import { Word } from "./actors.ts"
import { bounded, Gate } from "./bounded.ts"
import {
  Cry,
  codes,
  Herald,
  Keeper,
  type Plan,
  Pusher,
  pushes,
  ready,
  Speaker,
  spoken,
  stances,
  type Way,
  ways
} from "./speakers.ts"
import { drain, forEachSystem, long, loseScheduler, lost, reasonOf, type Tester } from "./systems.ts"

type KeeperRef = GenServer.PidRef<(typeof Keeper)["protocol"]>

/** What runs the code. */
const kinds = ["process", "server"] as const
type Kind = (typeof kinds)[number]

/** How the process ends, as its code is to go on and to speak after that was told. */
interface Ending {
  readonly unwindTimeout?: number
  readonly end: (pid: Process.Pid) => Effect.Effect<void, never, Process.Provided>
  readonly reason: ExitReason.ExitReason
}

const endings = {
  "it was killed": { end: (pid) => Process.exit(pid, ExitReason.kill), reason: ExitReason.killed },
  "it was killed as it unwound": {
    end: (pid) => Effect.andThen(Process.exit(pid, ExitReason.shutdown), Process.exit(pid, ExitReason.kill)),
    reason: ExitReason.shutdown
  },
  "its unwindTimeout was over": {
    unwindTimeout: 5,
    end: (pid) => Process.exit(pid, ExitReason.shutdown),
    reason: ExitReason.shutdown
  }
} satisfies Readonly<Record<string, Ending>>

let lastRun = 0

forEachSystem("S ends", (stage) => {
  const { here, schedulers, there } = stage
  const scenario: typeof stage.scenario = (title, steps) =>
    stage.system.name === "simulated"
      ? stage.notApplicable(
          title,
          "its actors wait for promises of JavaScript, which come to nothing in a synchronous run"
        )
      : stage.scenario(title, steps)

  /** Starts a speaker that is in the middle of its code, does `use` with it, and leaves nothing behind. */
  const withSpeaker = <E>(
    tester: Tester,
    [wayName, codeName, kind]: readonly [way: string, code: string, kind: Kind],
    unwindTimeout: number | undefined,
    use: (speaker: {
      readonly pid: Process.Pid
      readonly ref: Process.MonitorRef
      readonly plan: Plan
      readonly way: Way
      readonly keeper: KeeperRef
      /** Waits until whatever was begun by now has come to pass. */
      readonly settle: Effect.Effect<void, GenServer.CallError, Process.Provided>
    }) => Effect.Effect<void, E, Process.Provided>
  ) =>
    Effect.gen(function* () {
      const run = ++lastRun
      const way = ways[wayName]!
      const keeper = yield* GenServer.start(Keeper, {}, there)
      const other = yield* GenServer.start(Keeper, {}, here)
      const herald = yield* GenServer.start(Herald, { to: tester.pid }, here)
      // A herald takes words
      const victim = herald.pid as Process.Pid<Word>
      const alias = yield* tester.alias()
      const timer = yield* Process.sendAfter(victim, "never", long)
      const interval = yield* Process.sendInterval(victim, "never", long)
      const plan: Plan = {
        run,
        way: wayName,
        code: codeName,
        to: tester.pid,
        alias,
        herald,
        victim,
        timer,
        interval: interval.pid
      }
      const tell = Process.send(tester.pid, spoken)
      const asking = yield* Effect.forkChild(
        Effect.matchEffect(keeper.keep({ run }, { timeout: "Infinity" }), {
          onSuccess: () => tell,
          onFailure: (error) => (error === spoken ? tell : Effect.void)
        }),
        { startImmediately: true }
      )
      const tidy = way.prepare === undefined ? Effect.void : yield* way.prepare(plan)
      yield* drain(tester)
      let pid: Process.Pid
      if (kind === "process") pid = yield* keeper.spawn({ plan, unwindTimeout: unwindTimeout ?? null })
      else {
        const speaker = yield* GenServer.start(Speaker, {}, { ...there, unwindTimeout })
        yield* speaker.speak({ plan })
        pid = speaker.pid
      }
      if (codes[codeName]?.suicide !== "first step") expect(yield* tester.receive).toBe(ready)
      const ref = yield* Process.monitor(pid)
      const settle = Effect.andThen(
        Effect.forEach([keeper, other], (one) => one.settle(), { concurrency: 2, discard: true }),
        Effect.ignore(herald.ping())
      )
      yield* use({ pid, ref, plan, way, keeper, settle })
      yield* Process.demonitor(ref, { flush: true })
      yield* Fiber.interrupt(asking)
      yield* Process.cancelTimer(timer)
      yield* Process.unalias(alias)
      yield* tidy
      for (const one of [pid, herald.pid, keeper.pid, other.pid, interval.pid]) {
        yield* Process.unlink(one)
        yield* Process.exit(one, ExitReason.kill)
      }
      yield* settled(tester, [pid, herald.pid])
      yield* drain(tester)
    })

  /** Waits until processes are gone. */
  const settled = (tester: Tester, pids: ReadonlyArray<Process.Pid>) =>
    Effect.forEach(pids, (pid) => Effect.flatMap(Process.monitor(pid), (ref) => reasonOf(tester, ref)))

  const wordsOf = (messages: ReadonlyArray<Process.Received<Word>>) =>
    messages.filter((message) => typeof message !== "object")

  /** The code of a process that has ended tries to reach somebody. */
  const staysSilent = (tester: Tester, which: readonly [way: string, code: string, kind: Kind], ending: Ending) =>
    withSpeaker(tester, which, ending.unwindTimeout, ({ keeper, pid, plan, ref, settle, way }) =>
      Effect.gen(function* () {
        const { run } = plan
        const about = which.join(", ")
        const { suicide } = codes[which[1]]!
        if (suicide === "go") yield* keeper.go({ run })
        if (suicide === undefined) yield* ending.end(pid)
        const reason = yield* reasonOf(tester, ref)
        // It may have been gone before it was watched
        if (suicide !== "first step" || reason._tag !== "NoProcess") {
          expect(reason, about).toEqual(suicide === undefined ? ending.reason : ExitReason.killed)
        }
        yield* keeper.open({ run })
        // It comes to its end
        yield* keeper.over({ run }, { timeout: "Infinity" })
        yield* settle
        expect(wordsOf(yield* drain(tester)), about).toEqual([])
        if (way.leaves !== undefined) expect(yield* way.leaves(plan, pid), about).toBe(false)
      })
    )

  /** The same code, of a process that was not killed, does reach them: before its end is told, if it is about to end. */
  const speaks = (tester: Tester, which: readonly [way: string, code: string, kind: Kind]) =>
    withSpeaker(tester, which, undefined, ({ keeper, pid, plan, ref, way }) =>
      Effect.gen(function* () {
        const { run } = plan
        const about = which.join(", ")
        const { speaksBy } = codes[which[1]]!
        if (speaksBy === "shutdown") yield* Process.exit(pid, ExitReason.shutdown)
        if (speaksBy === "go") yield* keeper.go({ run })
        yield* keeper.open({ run })
        const heard: Array<Process.Received<Word>> = []
        if (speaksBy === "shutdown" && way.direct === true) {
          const isEnd = (message: unknown) => message instanceof Process.Down && message.ref === ref
          do heard.push(yield* tester.receive)
          while (!isEnd(heard.at(-1)))
          expect(wordsOf(heard), about).toContain(spoken)
        }
        while (!wordsOf(heard).includes(spoken) && !(yield* way.leaves?.(plan, pid) ?? Effect.succeed(false))) {
          heard.push(...(yield* drain(tester)))
          yield* Effect.yieldNow
        }
        yield* keeper.over({ run }, { timeout: "Infinity" })
      })
    )

  /** Each where everything is on one scheduler; on several, they take turns. */
  const kindsOf = (way: Way, index: number): ReadonlyArray<Kind> => {
    if (way.server === true) return ["server"]
    return schedulers === 1 ? kinds : [kinds[index % 2]!]
  }

  for (const [at, [name, way]] of Object.entries(ways).entries()) {
    scenario(
      `S51 ${name}: by it the code of a process that was killed reaches nobody, and comes to its end`,
      function* (tester) {
        for (const [index, code] of Object.keys(codes).entries()) {
          for (const kind of kindsOf(way, at + index)) {
            yield* staysSilent(tester, [name, code, kind], endings["it was killed"])
          }
        }
      }
    )

    scenario(`S51 ${name}: by it the code of a process that was not killed reaches somebody`, function* (tester) {
      for (const [index, [code, { speaksBy, suicide }]] of Object.entries(codes).entries()) {
        if (suicide !== undefined || (way.living === true && speaksBy === "shutdown")) continue
        for (const kind of kindsOf(way, at + index)) yield* speaks(tester, [name, code, kind])
      }
    })
  }

  for (const [how, ending] of Object.entries(endings)) {
    if (how === "it was killed") continue
    const some = ["a message to a pid", "a call", "a timer", "a server"]

    scenario(`S51 when ${how}, any kind of code reaches nobody, and comes to its end`, function* (tester) {
      for (const [index, [code, { suicide }]] of Object.entries(codes).entries()) {
        if (suicide !== undefined) continue
        for (const [at, name] of some.entries()) {
          for (const kind of kindsOf(ways[name]!, at + index)) yield* staysSilent(tester, [name, code, kind], ending)
        }
      }
    })

    scenario(`S51 when ${how}, its code reaches nobody in any way, and comes to its end`, function* (tester) {
      for (const [at, [name, way]] of Object.entries(ways).entries()) {
        const code = at % 2 === 0 ? "ensuring around its wait" : "a finalizer of its scope"
        for (const kind of kindsOf(way, at)) yield* staysSilent(tester, [name, code, kind], ending)
      }
    })
  }

  // What is sent has not been sent as long as it waits for room
  for (const push of pushes) {
    for (const stance of stances) {
      const later = stance === "in a finalizer"

      scenario(
        `S51 a ${push} that waits for room, ${stance}, does not get in once its process was killed`,
        function* (tester) {
          for (const killed of [false, true]) {
            const gate = yield* GenServer.start(Gate, {}, here)
            const server = yield* GenServer.start(bounded.suspend, {}, here)
            yield* server.enter({ gate })
            while ((yield* gate.waiting()) === 0) yield* Effect.yieldNow
            for (const value of [1, 2]) yield* server.hear({ value })
            const run = ++lastRun
            const keeper = yield* GenServer.start(Keeper, {}, there)
            const pusher = yield* Process.start(Pusher, { run, to: tester.pid, server, push, stance }, there)
            const ref = yield* Process.monitor(pusher)
            if (later) yield* Process.exit(pusher, ExitReason.shutdown)
            expect(yield* tester.receive).toBe(ready)
            // It waits when what it has done after that is here
            yield* keeper.settle()
            if (killed) {
              yield* Process.exit(pusher, ExitReason.kill)
              expect(yield* reasonOf(tester, ref)).toEqual(later ? ExitReason.shutdown : ExitReason.killed)
            }
            yield* gate.open()
            // It comes to its end
            yield* keeper.over({ run }, { timeout: "Infinity" })
            const expected = killed ? ["entered", "1", "2"] : ["entered", "1", "2", "3"]
            // Questions wait for room as well
            let received = yield* server.received({ timeout: "Infinity" })
            while (received.length < expected.length) received = yield* server.received()
            expect(received).toEqual(expected)
            yield* keeper.settle()
            expect(yield* server.received()).toEqual(expected)
            yield* Process.demonitor(ref, { flush: true })
            yield* Process.exit(pusher, ExitReason.kill)
          }
        }
      )
    }
  }

  /** A process that starts another, and waits for it in code that cannot be interrupted, tells when that is over. */
  const startsUninterruptibly = (tester: Tester, on: Process.Placement) =>
    Effect.gen(function* () {
      const over = Promise.withResolvers<void>()
      const starting = Effect.uninterruptible(
        Effect.ensuring(
          Effect.ignoreCause(Process.start(Cry, { to: tester.pid }, { on })),
          Effect.sync(() => over.resolve())
        )
      )
      const pid = yield* Process.spawn(Word, (self) => Effect.andThen(self.receive, starting))
      return { pid, over: Effect.promise(() => over.promise) }
    })

  scenario("S51 a start that waits for its turn when its process is killed does not happen", function* (tester) {
    for (const killed of [false, true]) {
      const starter = yield* startsUninterruptibly(tester, "any")
      const ref = yield* Process.monitor(starter.pid)
      // It is parked by now, and has its turn before this one goes on; its start waits behind both
      yield* Effect.yieldNow
      yield* Process.send(starter.pid, "go")
      yield* Effect.yieldNow
      if (killed) {
        yield* Process.exit(starter.pid, ExitReason.kill)
        expect(yield* reasonOf(tester, ref)).toEqual(ExitReason.killed)
      }
      yield* starter.over
      yield* (yield* GenServer.start(Keeper, {}, there)).settle()
      yield* (yield* GenServer.start(Keeper, {}, here)).settle()
      expect(wordsOf(yield* drain(tester))).toEqual(killed ? [] : [spoken])
    }
  })

  if (schedulers === 1) return

  scenario("S51 a start that waits for its scheduler when its process is killed does not happen", function* (tester) {
    for (const killed of [false, true]) {
      yield* loseScheduler(tester)
      const starter = yield* startsUninterruptibly(tester, { scheduler: lost })
      const ref = yield* Process.monitor(starter.pid)
      yield* Process.send(starter.pid, "go")
      yield* Effect.yieldNow
      if (killed) {
        yield* Process.exit(starter.pid, ExitReason.kill)
        expect(yield* reasonOf(tester, ref)).toEqual(ExitReason.killed)
      }
      yield* (yield* GenServer.start(Keeper, {}, there)).settle()
      yield* starter.over
      expect(wordsOf(yield* drain(tester))).toEqual(killed ? [] : [spoken])
    }
  })

  scenario("S51 the code of a process that was killed ends no scheduler", function* (tester) {
    const orders = { drain: System.drainScheduler(lost), kill: System.killScheduler(lost) }
    for (const order of Object.values(orders)) {
      const bystander = yield* GenServer.start(Keeper, {}, { on: { scheduler: lost } })
      const ref = yield* Process.monitor(bystander.pid)
      for (const killed of [true, false]) {
        const over = Promise.withResolvers<void>()
        const last = Effect.ensuring(
          Effect.ignoreCause(order),
          Effect.sync(() => over.resolve())
        )
        const pid = yield* Process.spawn(Word, (self) =>
          Effect.ensuring(self.receive, killed ? Effect.ensuring(Process.exit(self.pid, ExitReason.kill), last) : last)
        )
        yield* Process.send(pid, "go")
        yield* Effect.promise(() => over.promise)
        if (killed) {
          yield* bystander.settle()
          expect(yield* Process.isAlive(bystander.pid)).toBe(true)
        }
      }
      expect(["SchedulerDown", "Shutdown"]).toContain((yield* reasonOf(tester, ref))._tag)
    }
  })
})
