// Catalogue area T: timers. The timer is away from the tester, who is sent to.
import { ExitReason, GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { expect } from "vitest"
import { Puppet, Word } from "./actors.ts"
import { Errand } from "./errands.ts"
import { bury, expectNothing, forEachSystem, inTime, long, pending, reasonOf, slack } from "./systems.ts"

/** The numbers below `count` in an order that `seed` decides. */
const shuffled = (count: number, seed: number): ReadonlyArray<number> => {
  const numbers = Array.from({ length: count }, (_, index) => index)
  let state = seed
  for (let left = count - 1; left > 0; left--) {
    state = (state * 1103515245 + 12345) % 2 ** 31
    const at = state % (left + 1)
    ;[numbers[left], numbers[at]] = [numbers[at]!, numbers[left]!]
  }
  return numbers
}

forEachSystem("T timers", ({ here, notApplicable, scenario, there }) => {
  scenario("T01 a message that is not of the mailbox's type is refused when its timer is set", function* (tester) {
    const errand = yield* Process.start(Errand, { errand: "wait" }, there)
    const wrong = { no: "word" } as unknown as string
    const now = yield* Process.now
    const settings = [
      Process.sendAfter(errand, wrong, long),
      Process.sendAfter(errand, wrong, "1 hour"),
      Process.sendAfter(errand, wrong, { at: now + long }),
      Process.sendAfter(Process.named("T01", Word), wrong, long),
      Process.startTimer(errand, () => wrong, long)
    ]
    for (const setting of settings) {
      const outcome = yield* Effect.exit(setting)
      expect(ExitReason.fromExit(outcome)).toMatchObject({ _tag: "Died", defect: { _tag: "InvalidMessage" } })
    }
    yield* bury(tester, { pid: errand })
  })

  scenario("T01 send_after delivers once", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, {}, there)
    // The first rounds are slow enough to hide a timer that is early
    for (let round = 0; round < 10; round++) {
      const start = performance.now()
      yield* puppet.sayLater({ to: tester.pid, word: round, milliseconds: 10 })
      expect(yield* tester.receive).toBe(round)
      // The clocks of two threads differ by less than this
      expect(performance.now() - start, `round ${round}`).toBeGreaterThanOrEqual(9)
    }
    yield* Process.sendAfter(tester.pid, "own", 10)
    yield* puppet.sayLater({ to: tester.pid, word: "later", milliseconds: 20 })
    expect([yield* tester.receive, yield* tester.receive].sort()).toEqual(["later", "own"])
    yield* expectNothing(tester)
  })

  scenario("T03 cancel before expiry", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, {}, there)
    const start = performance.now()
    const ref = yield* puppet.sayLater({ to: tester.pid, word: "never", milliseconds: 1000 })
    const left = yield* puppet.cancelTimer({ ref })
    const took = performance.now() - start
    if (took < 1000) {
      expect(Number.isInteger(left)).toBe(true)
      expect(left).toBeLessThanOrEqual(1000)
      // Of two threads' clocks, rounded to whole milliseconds
      expect(left).toBeGreaterThanOrEqual(1000 - took - 3)
    }
    expect(yield* puppet.cancelTimer({ ref })).toBe(null)
    yield* tester.flush
    // The same of one's own, in one step: no time goes by
    const own = yield* Process.sendAfter(tester.pid, "never", 1000)
    expect(yield* Process.cancelTimer(own)).toBe(1000)
    expect(yield* Process.cancelTimer(own)).toBe(undefined)
  })

  scenario("T03 a timer that was cancelled never fires", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, {}, there)
    // Set and cancelled in one step, it cannot fire before; what is set after it is due after it
    const cancelled = []
    for (const milliseconds of [0, 1, 2, 5]) {
      cancelled.push(yield* puppet.sayNever({ to: tester.pid, word: "never", milliseconds }))
      const own = yield* Process.sendAfter(tester.pid, "never", milliseconds)
      expect(yield* Process.cancelTimer(own)).toBe(milliseconds)
      // With another one behind it, it is kept in another place
      const earlier = yield* Process.sendAfter(tester.pid, "never", milliseconds)
      const later = yield* Process.sendAfter(tester.pid, "later", milliseconds + 1)
      expect(yield* Process.cancelTimer(earlier)).toBe(milliseconds)
      expect(yield* Process.readTimer(later)).not.toBe(undefined)
      expect(yield* tester.receive).toBe("later")
    }
    expect(cancelled).toEqual([0, 1, 2, 5])
    yield* puppet.sayLater({ to: tester.pid, word: "later", milliseconds: 6 })
    expect(yield* tester.receive).toBe("later")
    yield* expectNothing(tester)
  })

  scenario("T02 start_timer's message holds the timer's reference", function* (tester) {
    const ref = yield* Process.startTimer(tester.pid, (ref) => `timeout ${ref}`, 10)
    expect(yield* tester.receive).toBe(`timeout ${ref}`)
    const relay = yield* Process.start(Errand, { errand: "relay", to: tester.pid }, there)
    const away = yield* Process.startTimer(relay, (ref) => ref, 10)
    expect(yield* tester.receive).toBe(away)
    yield* bury(tester, { pid: relay })
    yield* expectNothing(tester)
  })

  scenario("T05 read_timer gives what is left while there is something", function* (tester) {
    const active = yield* Process.sendAfter(tester.pid, "never", long)
    const left = yield* Process.readTimer(active)
    expect(Number.isInteger(left)).toBe(true)
    expect(left).toBeGreaterThan(long - slack)
    expect(left).toBeLessThanOrEqual(long)
    // It goes down as time goes by
    const start = performance.now()
    yield* Process.sendAfter(tester.pid, "a while", 20)
    expect(yield* tester.receive).toBe("a while")
    const less = yield* Process.readTimer(active)
    expect((left ?? 0) - (less ?? 0)).toBeGreaterThanOrEqual(19)
    expect((left ?? 0) - (less ?? 0)).toBeLessThanOrEqual(performance.now() - start + slack)
    yield* Process.cancelTimer(active)
    expect(yield* Process.readTimer(active)).toBe(undefined)
    const fired = yield* Process.sendAfter(tester.pid, "fired", 1)
    expect(yield* tester.receive).toBe("fired")
    expect(yield* Process.readTimer(fired)).toBe(undefined)
    expect(yield* Process.readTimer(12345 as Process.TimerRef)).toBe(undefined)
    // One of another scheduler's
    const puppet = yield* GenServer.start(Puppet, {}, there)
    const ref = yield* puppet.sayLater({ to: tester.pid, word: "never", milliseconds: long })
    const away = yield* Process.readTimer(ref as Process.TimerRef)
    expect(away).toBeGreaterThan(long - slack)
    expect(away).toBeLessThanOrEqual(long)
    yield* Process.cancelTimer(ref as Process.TimerRef)
    expect(yield* Process.readTimer(ref as Process.TimerRef)).toBe(undefined)
    const soon = yield* puppet.sayLater({ to: tester.pid, word: "fired", milliseconds: 1 })
    expect(yield* tester.receive).toBe("fired")
    expect(yield* Process.readTimer(soon as Process.TimerRef)).toBe(undefined)
  })

  scenario("T06 cancel of an unknown reference finds nothing", function* (tester) {
    const monitor = yield* Process.monitor((yield* GenServer.start(Puppet, {}, there)).pid)
    for (const ref of [0, 12345, Number(monitor)]) {
      expect(yield* Process.cancelTimer(ref as Process.TimerRef)).toBe(undefined)
    }
    // The monitor is not disturbed
    expect(yield* Process.demonitor(monitor)).toBe(true)
    yield* expectNothing(tester)
  })

  scenario("T07 async cancel returns at once and tells nothing", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, {}, there)
    // In one step, so that it cannot have fired
    const own = yield* Process.sendAfter(tester.pid, "never", 1)
    expect(yield* Process.cancelTimer(own, { async: true })).toBe(undefined)
    const ref = yield* puppet.sayLater({ to: tester.pid, word: "never", milliseconds: long })
    expect(yield* Process.cancelTimer(ref as Process.TimerRef, { async: true })).toBe(undefined)
    yield* puppet.ping()
    // It had been cancelled by then
    expect(yield* puppet.cancelTimer({ ref })).toBe(null)
    yield* Process.sendAfter(tester.pid, "later", 5)
    expect(yield* tester.receive).toBe("later")
    yield* expectNothing(tester)
  })

  notApplicable(
    "T07 the answer of an async cancel as a message",
    "a cancel that is not to be waited for is forked, and its fiber has the answer"
  )

  scenario("T10 timer to a name resolves at expiry", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, {}, there)
    const relay = yield* Process.start(Errand, { errand: "relay", to: tester.pid, text: "relayed" }, there)
    const address = Process.named("T10", Word)
    yield* Process.sendAfter(Process.named("T10 never", Word), "dropped", 1)
    yield* puppet.sayToNameLater({ name: "T10 never", word: "dropped", milliseconds: 1 })
    // Nobody has the name when they are set
    yield* inTime((milliseconds) =>
      Effect.gen(function* () {
        const own = yield* Process.sendAfter(address, "own", milliseconds)
        const away = yield* puppet.sayToNameLater({ name: "T10", word: "from away", milliseconds })
        yield* Process.register("T10", tester.pid)
        const early = yield* pending(own, away)
        if (early) expect([yield* tester.receive, yield* tester.receive].sort()).toEqual(["from away", "own"])
        yield* Process.unregister("T10")
        if (!early) yield* tester.flush
        return early || undefined
      })
    )
    // Whoever holds it then, wherever; not who held it when they were set
    yield* inTime((milliseconds) =>
      Effect.gen(function* () {
        yield* Process.register("T10", tester.pid)
        const own = yield* Process.sendAfter(address, "own", milliseconds)
        const away = yield* puppet.sayToNameLater({ name: "T10", word: "from away", milliseconds })
        yield* Process.unregister("T10")
        yield* Process.register("T10", relay)
        const early = yield* pending(own, away)
        if (early) {
          expect([yield* tester.receive, yield* tester.receive].sort()).toEqual(["relayed from away", "relayed own"])
        }
        yield* Process.unregister("T10")
        if (!early) yield* tester.flush
        return early || undefined
      })
    )
    yield* bury(tester, { pid: relay })
    yield* expectNothing(tester)
  })

  scenario("T11 equal deadlines keep creation order", function* (tester) {
    const numbers = Array.from({ length: 20 }, () => 10)
    const expected = numbers.map((_, index) => index)
    yield* Process.start(Errand, { errand: "timers", numbers, to: tester.pid }, there)
    const fired = []
    for (const _ of numbers) fired.push(yield* tester.receive)
    expect(fired).toEqual(expected)
    // By delay: some of them are still kept by themselves when the next is set
    yield* Process.start(Errand, { errand: "delays", numbers, to: tester.pid }, there)
    for (const index of expected) expect(yield* tester.receive).toBe(index)
    for (const index of expected) yield* Process.sendAfter(tester.pid, index, 10)
    for (const index of expected) expect(yield* tester.receive).toBe(index)
    const at = (yield* Process.now) + 10
    for (const index of expected) yield* Process.sendAfter(tester.pid, index, { at })
    for (const index of expected) expect(yield* tester.receive).toBe(index)
  })

  scenario("T12 different deadlines deliver in deadline order", function* (tester) {
    const seed = Math.floor(Math.random() * 2 ** 31)
    const order = shuffled(28, seed)
    const numbers = order.map((number) => number + 3)
    yield* Process.start(Errand, { errand: "timers", numbers, to: tester.pid }, there)
    const fired = []
    // Told by the index of what was set; the delays must ascend
    for (const _ of numbers) fired.push(numbers[Number(yield* tester.receive)])
    expect(fired, `seed ${seed}`).toEqual(numbers.toSorted((a, b) => a - b))
    // By delay, all of them set in one step
    yield* Process.start(Errand, { errand: "delays", numbers, to: tester.pid }, there)
    const told = []
    for (const _ of numbers) told.push(numbers[Number(yield* tester.receive)])
    expect(told, `seed ${seed}`).toEqual(numbers.toSorted((a, b) => a - b))
  })

  scenario("T14 a negative delay is the caller's error", function* (tester) {
    const attempts = [
      Process.sendAfter(tester.pid, "never", -1),
      Process.startTimer(tester.pid, () => "never", -1),
      Process.exitAfter(tester.pid, ExitReason.kill, -1),
      Process.sendInterval(tester.pid, "never", -1),
      Process.sendInterval(tester.pid, "never", 0),
      // Nor is what is no time at all
      Process.sendAfter(tester.pid, "never", Number.NaN),
      Process.sendAfter(tester.pid, "never", "Infinity"),
      Process.sendAfter(tester.pid, "never", { at: Number.NaN }),
      Process.sendAfter(tester.pid, "never", { at: Number.POSITIVE_INFINITY }),
      Process.killAfter(tester.pid, { at: Number.NaN })
    ]
    for (const attempt of attempts) {
      const outcome = yield* Effect.exit(attempt as Effect.Effect<unknown, never, Process.Provided>)
      expect(ExitReason.fromExit(outcome)).toMatchObject({ _tag: "Died", defect: { name: "RangeError" } })
    }
    const puppet = yield* GenServer.start(Puppet, {}, there)
    const ref = yield* Process.monitor(puppet.pid)
    yield* Effect.ignore(puppet.sayLater({ to: tester.pid, word: "never", milliseconds: -1 }))
    expect(yield* reasonOf(tester, ref)).toMatchObject({ _tag: "Died", defect: { name: "RangeError" } })
    yield* expectNothing(tester)
  })

  scenario("T14 a deadline that is no number is the caller's error", function* (tester) {
    // What code without types could pass
    for (const at of ["soon", null, true, {}] as ReadonlyArray<unknown> as ReadonlyArray<number>) {
      const outcome = yield* Effect.exit(Process.sendAfter(tester.pid, "never", { at }))
      expect(ExitReason.fromExit(outcome)).toMatchObject({ _tag: "Died" })
    }
    yield* Process.sendAfter(tester.pid, "later", 2)
    expect(yield* tester.receive).toBe("later")
    yield* expectNothing(tester)
  })

  scenario("T16 absolute deadline", function* (tester) {
    const relay = yield* Process.start(Errand, { errand: "relay", to: tester.pid, text: "relayed" }, there)
    for (const [to, prefix] of [
      [tester.pid, ""],
      [relay, "relayed "]
    ] as const) {
      const deadline = (yield* Process.now) + 10
      yield* Process.sendAfter(to, "due", { at: deadline })
      expect(yield* tester.receive).toBe(`${prefix}due`)
      expect(yield* Process.now).toBeGreaterThanOrEqual(deadline)
      // One that is past is due now
      const next = yield* Process.sendAfter(to, "next", { at: (yield* Process.now) + long })
      yield* Process.sendAfter(to, "past", { at: deadline - 1000 })
      expect(yield* tester.receive).toBe(`${prefix}past`)
      expect(yield* Process.cancelTimer(next)).toBeGreaterThan(long - slack)
      expect(yield* Process.cancelTimer(next)).toBe(undefined)
    }
    yield* bury(tester, { pid: relay })
    yield* expectNothing(tester)
  })

  scenario("T17 an interval timer ticks until it is cancelled", function* (tester) {
    const start = yield* Process.now
    const interval = yield* Process.sendInterval(tester.pid, "tick", 10)
    for (let ticks = 1; ticks <= 3; ticks++) {
      expect(yield* tester.receive).toBe("tick")
      expect((yield* Process.now) - start, `tick ${ticks}`).toBeGreaterThanOrEqual(ticks * 10 - 1)
    }
    yield* Process.cancelInterval(interval)
    yield* tester.flush
    yield* Process.sendAfter(tester.pid, "later", 30)
    expect(yield* tester.receive).toBe("later")

    // To a process that is away: what was underway arrives before the relay's answer, nothing after
    const relay = yield* Process.start(Errand, { errand: "relay", to: tester.pid }, there)
    const away = yield* Process.sendInterval(relay, "tick", 5)
    for (let ticks = 0; ticks < 3; ticks++) expect(yield* tester.receive).toBe("tick")
    yield* Process.cancelInterval(away)
    yield* Process.send(relay, "cancelled")
    while ((yield* tester.receive) !== "cancelled") {
      // A tick that was underway
    }
    yield* Process.sendAfter(tester.pid, "later", 15)
    expect(yield* tester.receive).toBe("later")
    yield* bury(tester, { pid: relay })
    yield* expectNothing(tester)
  })

  scenario("T17 an interval timer ends with its receiver", function* (tester) {
    for (const placement of [here, there]) {
      const relay = yield* Process.start(Errand, { errand: "relay", to: tester.pid }, placement)
      const interval = yield* Process.sendInterval(relay, "tick", 5)
      expect(yield* tester.receive).toBe("tick")
      const ref = yield* Process.monitor(interval.pid)
      yield* bury(tester, { pid: relay })
      expect(yield* reasonOf(tester, ref)).toEqual(ExitReason.normal)
      yield* tester.flush
    }
  })

  scenario("T18 exit_after, kill_after and apply_after", function* (tester) {
    const plain = yield* GenServer.start(Puppet, {}, there)
    const trapping = yield* GenServer.start(Puppet, { trapExit: true }, there)
    const refs = [yield* Process.monitor(plain.pid), yield* Process.monitor(trapping.pid)]
    yield* Process.exitAfter(plain.pid, ExitReason.failed("te"), 10)
    yield* Process.killAfter(trapping.pid, 10)
    expect(yield* reasonOf(tester, refs[0]!)).toEqual(ExitReason.failed("te"))
    expect(yield* reasonOf(tester, refs[1]!)).toEqual(ExitReason.killed)
    const pidText = Schema.toCodecJson(Process.anyPid)
    const tellSelf = Effect.flatMap(Process.self, (self) =>
      Effect.flatMap(Effect.orDie(Schema.encodeEffect(pidText)(self)), (text) => Process.send(tester.pid, String(text)))
    )
    yield* Process.applyAfter(tellSelf, 10)
    expect(yield* tester.receive).not.toBe(yield* Schema.encodeEffect(pidText)(tester.pid))
    // A crash in it is not the caller's
    yield* Process.trapExit(true)
    yield* Process.applyAfter(Effect.andThen(tellSelf, Effect.die("on purpose")), 1)
    const ran = yield* Schema.decodeUnknownEffect(pidText)(yield* tester.receive)
    const ref = yield* Process.monitor(ran)
    expect(["Died", "NoProcess"]).toContain((yield* reasonOf(tester, ref))._tag)
    // Cancelled, none of it happens
    yield* inTime((milliseconds) =>
      Effect.gen(function* () {
        const puppet = yield* GenServer.start(Puppet, { trapExit: true }, there)
        const timers = [
          yield* Process.exitAfter(puppet.pid, ExitReason.failed("te"), milliseconds),
          yield* Process.killAfter(puppet.pid, milliseconds),
          yield* Process.applyAfter(tellSelf, milliseconds)
        ]
        const left = yield* Effect.forEach(timers, (timer) => Process.cancelTimer(timer))
        const early = left.every((milliseconds) => milliseconds !== undefined)
        yield* Process.sendAfter(tester.pid, "later", milliseconds + 1)
        yield* tester.receiveWhen((message): message is "later" => message === "later")
        if (early) expect(yield* puppet.received()).toEqual([])
        else yield* tester.flush
        return early || undefined
      })
    )
    yield* expectNothing(tester)
  })
})
