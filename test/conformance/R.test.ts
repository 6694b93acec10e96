// Catalogue area R: receive, selection, ordering. Who sends is away from who receives.
import { ExitReason, GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { expect } from "vitest"
import { Puppet, Word } from "./actors.ts"
import { Chooser, Errand } from "./errands.ts"
import { bury, drain, expectNothing, forEachSystem, nextDown, nextExit, reasonOf, rounds } from "./systems.ts"

const isWord =
  (word: Word) =>
  (message: Process.Received<Word>): message is Word =>
    message === word

const isNumber = (message: Process.Received<Word>): message is number => typeof message === "number"

forEachSystem("R receive, selection, ordering", ({ here, scenario, schedulers, there, system }) => {
  const lines = (to: Process.Pid<Word>, ...words: ReadonlyArray<Word>) => words.map((word) => ({ to, word }))

  scenario("R02 selective receive leaves other messages in order", function* (tester) {
    const sender = yield* GenServer.start(Puppet, {}, there)
    yield* sender.say({ lines: lines(tester.pid, "a", "b", "c") })
    expect(yield* tester.receiveWhen(isWord("c"))).toBe("c")
    expect(yield* drain(tester)).toEqual(["a", "b"])
    // Also when the receive is there before the messages are
    yield* sender.sayLater({ to: tester.pid, word: "d", milliseconds: 0 })
    yield* sender.sayLater({ to: tester.pid, word: "e", milliseconds: 0 })
    yield* sender.sayLater({ to: tester.pid, word: "f", milliseconds: 0 })
    expect(yield* tester.receiveWhen(isWord("f"))).toBe("f")
    expect(yield* drain(tester)).toEqual(["d", "e"])
  })

  scenario("R02 of several messages that match, selective receive takes the oldest", function* (tester) {
    const sender = yield* GenServer.start(Puppet, {}, there)
    yield* sender.say({ lines: lines(tester.pid, "a", 1, "b", 2, "c", 3) })
    const taken = [yield* tester.receiveWhen(isNumber), yield* tester.receiveWhen(isNumber, { after: 0 })]
    expect(taken).toEqual([1, 2])
    // One that comes later is taken by a receive that waits; the older ones are still before it
    expect(yield* tester.receiveWhen(isWord("b"))).toBe("b")
    expect(yield* drain(tester)).toEqual(["a", "c", 3])
    // Also when the receive is there before the messages are: all of them come in one step of the sender
    const saying = yield* Effect.forkChild(sender.say({ lines: lines(tester.pid, "a", 1, "b", 2, 3) }))
    expect([yield* tester.receiveWhen(isNumber), yield* tester.receiveWhen(isNumber)]).toEqual([1, 2])
    yield* Fiber.join(saying)
    expect(yield* drain(tester)).toEqual(["a", "b", 3])
  })

  scenario("R02 a receive that chooses passes over any number of others and keeps their order", function* (tester) {
    const sender = yield* GenServer.start(Puppet, {}, there)
    const words = Array.from({ length: 2000 }, (_, index) => (index % 10 === 7 ? index : `w${index}`))
    yield* sender.say({ lines: lines(tester.pid, ...words) })
    const numbers = words.filter((word) => typeof word === "number")
    for (const number of numbers) expect(yield* tester.receiveWhen(isNumber, { after: 0 })).toBe(number)
    expect(yield* drain(tester)).toEqual(words.filter((word) => typeof word === "string"))
  })

  scenario("R05 receive timeout zero polls", function* (tester) {
    const sender = yield* GenServer.start(Puppet, {}, there)
    yield* sender.say({ lines: lines(tester.pid, "a", "b") })
    const missed = yield* Effect.flip(tester.receiveWhen(isWord("d"), { after: 0 }))
    expect(missed).toMatchObject({ _tag: "ReceiveTimeout", after: 0 })
    expect((yield* Process.info(tester.pid))?.messageQueueLength).toBe(2)
    expect(yield* tester.receiveWhen(isWord("b"), { after: 0 })).toBe("b")
    expect(yield* drain(tester)).toEqual(["a"])
    expect((yield* Effect.flip(tester.receiveWithin(0)))._tag).toBe("ReceiveTimeout")
    // At once: nobody has a turn before, with other messages in the mailbox or none. Whose slice ends just there is tried again
    for (const others of [[], [1]]) {
      let missed = false
      for (let attempt = 0; attempt < 20 && !missed; attempt++) {
        for (const other of others) yield* Process.send(tester.pid, other)
        yield* Effect.yieldNow
        for (let step = 0; step < attempt; step++) yield* Effect.void
        yield* Process.spawn(Word, () => Process.send(tester.pid, "d"))
        missed = (yield* Effect.result(tester.receiveWhen(isWord("d"), { after: 0 })))._tag === "Failure"
        if (missed) expect(yield* tester.receiveWhen(isWord("d"))).toBe("d")
        yield* tester.flush
      }
      expect(missed).toBe(true)
    }
  })

  scenario("R06 non-matching messages do not extend the timeout", function* (tester) {
    const sender = yield* GenServer.start(Puppet, {}, there)
    const ticks = 100
    for (let tick = 1; tick <= ticks; tick++) {
      yield* sender.sayLater({ to: tester.pid, word: "tick", milliseconds: tick * 30 })
    }
    const start = performance.now()
    const missed = yield* Effect.flip(tester.receiveWhen(isWord("never"), { after: 100 }))
    expect(missed._tag).toBe("ReceiveTimeout")
    expect(performance.now() - start).toBeGreaterThanOrEqual(99)
    // Had each tick started the wait anew, it would have outlasted all of them
    expect((yield* drain(tester)).length).toBeLessThan(ticks)
  })

  scenario("R08 exit signal ordering relative to messages of the same sender", function* (tester) {
    const mayReach = 1
    const mayNotReach = 2
    for (let round = 0; round < rounds; round++) {
      const puppet = yield* GenServer.start(Puppet, { poison: mayNotReach }, there)
      const ref = yield* Process.monitor(puppet.pid)
      for (let times = 0; times < 3; times++) yield* puppet.hear({ value: mayReach })
      yield* Process.exit(puppet.pid, ExitReason.failed("good"))
      for (let times = 0; times < 3; times++) yield* puppet.hear({ value: mayNotReach })
      expect(yield* reasonOf(tester, ref), `round ${round}`).toEqual(ExitReason.failed("good"))
    }
  })

  scenario(
    "R08 a trapping process sees messages and exits of one sender in the order they were sent",
    function* (tester) {
      const sender = yield* GenServer.start(Puppet, {}, there)
      yield* Process.trapExit(true)
      for (let round = 0; round < rounds; round++) {
        const steps = [
          sender.say({ lines: lines(tester.pid, "before") }),
          sender.sendExit({ to: tester.pid, reason: { _tag: "Failed", error: "good" } }),
          sender.say({ lines: lines(tester.pid, "after") })
        ]
        // Asked for at once, done in this order; a simulation also makes the fibers of one process change places
        const concurrency = system.name === "simulated" ? 1 : "unbounded"
        yield* Effect.all(steps, { concurrency, discard: true })
        const [before, exit, after] = [yield* tester.receive, yield* tester.receive, yield* tester.receive]
        expect([before, after], `round ${round}`).toEqual(["before", "after"])
        expect(exit).toMatchObject({ _tag: "Exit", reason: ExitReason.failed("good") })
      }
      yield* expectNothing(tester)
    }
  )

  scenario("R09 causal order through a third process is not promised, a pair's own order is", function* (tester) {
    const a = yield* GenServer.start(Puppet, {}, there)
    const b = yield* Process.spawn(Word, (self) =>
      Effect.forever(Effect.andThen(self.receive, Process.send(tester.pid, "from B")))
    )
    for (let round = 0; round < rounds; round++) {
      yield* a.say({
        lines: [...lines(tester.pid, "first from A"), ...lines(b, "tell"), ...lines(tester.pid, "second from A")]
      })
      const three = [yield* tester.receive, yield* tester.receive, yield* tester.receive]
      expect(three.filter((word) => word === "from B").length).toBe(1)
      expect(three.filter((word) => word !== "from B")).toEqual(["first from A", "second from A"])
      if (schedulers === 1) expect(three[0]).toBe("first from A")
    }
    yield* expectNothing(tester)
  })

  scenario("R10 send to self", function* (tester) {
    for (const word of ["a", "b", "c"]) yield* Process.send(tester.pid, word)
    expect(yield* drain(tester)).toEqual(["a", "b", "c"])
    const puppet = yield* GenServer.start(Puppet, {}, there)
    yield* puppet.sayToSelf({ values: [1, 2, 3] })
    expect(yield* puppet.received()).toEqual([1, 2, 3].map((value) => ({ _tag: "Heard", value })))
  })

  scenario("R11 send to a dead pid is dropped silently", function* (tester) {
    const dead = yield* GenServer.start(Puppet, {}, there)
    const other = yield* GenServer.start(Puppet, {}, there)
    const raw = yield* Process.spawnMonitor(Word, () => Effect.void)
    yield* reasonOf(tester, raw.ref)
    yield* bury(tester, dead)
    yield* Process.trapExit(true)
    yield* dead.hear({ value: 1 })
    yield* Process.send(raw.pid, "anything")
    const distant = yield* GenServer.start(Puppet, {}, here)
    yield* other.ping()
    yield* distant.ping()
    // A raw process's pid, held on the other scheduler
    yield* other.say({ lines: lines(raw.pid, "anything") })
    yield* other.ping()
    expect(yield* other.received()).toEqual([])
    yield* expectNothing(tester)
  })

  scenario("R13 messages that come during a long computation wait in order", function* (tester) {
    const count = 1000
    const errand = yield* Process.start(Errand, { errand: "compute", numbers: [count], to: tester.pid }, there)
    expect(yield* tester.receive).toBe("computing")
    for (let value = 0; value < count; value++) yield* Process.send(errand, value)
    expect(yield* tester.receive).toBe(count)
    expect(yield* tester.receive).toBe("in order")
    yield* expectNothing(tester)
  })

  scenario("R15 flush empties the mailbox, links and monitors stay", function* (tester) {
    yield* Process.trapExit(true)
    const puppet = yield* GenServer.startLink(Puppet, {}, there)
    const ref = yield* Process.monitor(puppet.pid)
    yield* puppet.say({ lines: lines(tester.pid, 1, 2, 3, 4, 5) })
    expect(yield* tester.flush).toBe(5)
    yield* expectNothing(tester)
    expect(yield* tester.flush).toBe(0)
    yield* puppet.stop({ reason: { _tag: "Shutdown" } })
    expect((yield* nextDown(tester)).ref).toBe(ref)
    expect((yield* nextExit(tester)).reason).toEqual(ExitReason.shutdown)
    yield* expectNothing(tester)
  })

  scenario("R16 a selector over several sources maps each in arrival order and leaves the rest", function* (tester) {
    const [watched, linked] = [yield* GenServer.start(Puppet, {}, here), yield* GenServer.start(Puppet, {}, here)]
    const args = { to: tester.pid, watched: watched.pid, linked: linked.pid }
    const chooser = yield* Process.start(Chooser, args, there)
    expect(yield* tester.receive).toBe("ready")
    yield* Process.send(chooser, { _tag: "Apple", weight: 1 })
    yield* Process.send(chooser, { _tag: "Other", notes: [1, 2] })
    yield* Process.send(chooser, { _tag: "Pear", weight: 2 })
    yield* Process.send(chooser, { _tag: "Go" })
    expect([yield* tester.receive, yield* tester.receive]).toEqual(["apple 1", "later pear 2"])
    yield* watched.stop({ reason: { _tag: "Shutdown" } })
    expect(yield* tester.receive).toBe("down shutdown")
    yield* Process.send(chooser, { _tag: "Apple", weight: 3 })
    expect(yield* tester.receive).toBe("apple 3")
    yield* linked.stop({ reason: ExitReason.normal })
    expect(yield* tester.receive).toBe("exit normal")
    expect(yield* tester.receive).toBe('{"_tag":"Other","notes":[1,2]}')
  })

  // Shared by reference on one scheduler: frozen outside production, so that the later change fails where it is made
  scenario("R17 a message that is changed after it was sent arrives as it was", function* (tester) {
    const [watched, linked] = [yield* GenServer.start(Puppet, {}, here), yield* GenServer.start(Puppet, {}, here)]
    const args = { to: tester.pid, watched: watched.pid, linked: linked.pid }
    const chooser = yield* Process.start(Chooser, args, there)
    expect(yield* tester.receive).toBe("ready")
    const notes = [1, 2]
    yield* Process.send(chooser, { _tag: "Other", notes })
    expect(() => notes.push(3)).toThrow(TypeError)
    yield* Process.send(chooser, { _tag: "Go" })
    for (const weight of [1, 2, 3, 4, 5]) yield* Process.send(chooser, { _tag: "Pear", weight })
    for (let times = 0; times < 5; times++) yield* tester.receive
    expect(yield* tester.receive).toBe('{"_tag":"Other","notes":[1,2]}')
  })
})
