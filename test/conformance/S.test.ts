// Promises of docs/SEMANTICS.md that the catalogue has no scenario for, under ids of our own.
import { ExitReason, GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { expect } from "vitest"
import { Puppet, Word } from "./actors.ts"
import { bounded, capacity, Gate } from "./bounded.ts"
import { Errand } from "./errands.ts"
import { expectNothing, forEachSystem, reasonOf } from "./systems.ts"

const boom = { _tag: "Failed", error: "boom" } as const

forEachSystem("S promises beyond the catalogue", ({ here, scenario, there }) => {
  /** Starts a bounded server that is in the middle of a handler until the gate is opened. */
  const held = (policy: keyof typeof bounded) =>
    Effect.gen(function* () {
      const gate = yield* GenServer.start(Gate, {}, here)
      const server = yield* GenServer.start(bounded[policy], {}, there)
      const enter = Effect.gen(function* () {
        yield* server.enter({ gate })
        while ((yield* gate.waiting()) === 0) yield* Effect.yieldNow
      })
      return { gate, server, enter }
    })

  /** A question is a message as well: it is asked when there is room for it. */
  const drained = ({ pid }: { readonly pid: Process.Pid }) =>
    Effect.gen(function* () {
      while ((yield* Process.info(pid))?.messageQueueLength !== 0) yield* Effect.yieldNow
    })

  scenario("S01 a full mailbox neither evicts nor refuses DOWN and EXIT, and does not count them", function* (tester) {
    const signals = ["Exit failed: boom", "Down failed: boom"]
    for (const [policy, before, between] of [
      // How many messages come before the signals: what is received is what the policy keeps of four
      ["dropOldest", 0, ["3", "4"]],
      ["dropOldest", 2, ["3", "4"]],
      ["dropOldest", 3, ["3", "4"]],
      ["dropNewest", 0, ["1", "2"]],
      ["dropNewest", 2, ["1", "2"]],
      ["dropNewest", 3, ["1", "2"]]
    ] as const) {
      const { enter, gate, server } = yield* held(policy)
      const watched = yield* GenServer.start(Puppet, {}, there)
      yield* server.watch({ pids: [watched.pid] })
      yield* enter
      const ref = yield* Process.monitor(watched.pid)
      for (let value = 1; value <= before; value++) yield* server.hear({ value })
      yield* watched.stop({ reason: boom })
      yield* reasonOf(tester, ref)
      for (let value = before + 1; value <= 4; value++) yield* server.hear({ value })
      yield* gate.open()
      yield* drained(server)
      const received = yield* server.received()
      const told = `${policy}, ${before} before the signals`
      expect(
        received.filter((entry) => !/^(Down|Exit)/.test(entry)),
        told
      ).toEqual(["entered", ...between])
      expect(received.filter((entry) => /^(Down|Exit)/.test(entry)).sort(), told).toEqual([...signals].sort())
    }
  })

  scenario("S02 a full mailbox does with a message what its policy says", function* (tester) {
    for (const [policy, expected] of [
      ["dropNewest", ["entered", "1", "2"]],
      ["dropOldest", ["entered", "3", "4"]]
    ] as const) {
      const { enter, gate, server } = yield* held(policy)
      yield* enter
      for (const value of [1, 2, 3, 4]) yield* server.hear({ value })
      // What was sent last has arrived when something else that was sent behind it has
      yield* (yield* GenServer.start(Puppet, {}, there)).ping()
      yield* gate.open()
      yield* drained(server)
      expect(yield* server.received(), policy).toEqual(expected)
    }
    const { enter, server } = yield* held("crash")
    const ref = yield* Process.monitor(server.pid)
    yield* enter
    for (const value of [1, 2, 3]) yield* server.hear({ value })
    const reason = yield* reasonOf(tester, ref)
    expect(reason).toMatchObject({ _tag: "Failed", error: { _tag: "MailboxOverflow", capacity } })
    yield* expectNothing(tester)
  })

  scenario("S02 a full mailbox of policy suspend makes senders wait until there is room", function* () {
    const { enter, gate, server } = yield* held("suspend")
    yield* enter
    for (const value of [1, 2]) yield* server.hear({ value })
    const third = yield* Effect.forkChild(server.hear({ value: 3 }))
    yield* (yield* GenServer.start(Puppet, {}, there)).ping()
    expect(third.pollUnsafe()).toBe(undefined)
    yield* gate.open()
    yield* Fiber.join(third)
    expect(yield* server.received()).toEqual(["entered", "1", "2", "3"])
  })

  scenario("S02 a full mailbox of a raw process makes senders wait, too, wherever it is", function* () {
    const mailbox = { capacity, overflow: "suspend" } as const
    const errand = yield* Process.start(Errand, { errand: "wait" }, { ...there, mailbox })
    for (let value = 1; value <= capacity; value++) yield* Process.send(errand, value)
    const waiting = yield* Effect.forkChild(Process.send(errand, 0))
    yield* (yield* GenServer.start(Puppet, {}, there)).ping()
    expect(waiting.pollUnsafe()).toBe(undefined)
    // The receiver's end is no error of the sender's
    yield* Process.exit(errand, ExitReason.kill)
    yield* Fiber.join(waiting)
  })

  scenario("S02 whoever gives up to wait for room, or ends, has sent nothing", function* (tester) {
    const { enter, gate, server } = yield* held("suspend")
    yield* enter
    for (const value of [1, 2]) yield* server.hear({ value })
    const interrupted = yield* Effect.forkChild(server.hear({ value: 3 }))
    const killed = yield* Process.spawnMonitor(Word, () => server.hear({ value: 4 }))
    const calling = yield* Process.spawnMonitor(Word, () =>
      server.watch({ pids: [tester.pid] }, { timeout: "Infinity" })
    )
    const asking = yield* Effect.forkChild(server.received({ timeout: "Infinity" }))
    // They wait by now
    yield* (yield* GenServer.start(Puppet, {}, there)).ping()
    yield* Fiber.interrupt(interrupted)
    yield* Fiber.interrupt(asking)
    for (const { pid, ref } of [killed, calling]) {
      yield* Process.exit(pid, ExitReason.kill)
      yield* reasonOf(tester, ref)
    }
    const timedOut = yield* Effect.flip(server.received({ timeout: 0 }))
    expect(timedOut._tag).toBe("CallTimeout")
    yield* gate.open()
    yield* drained(server)
    yield* server.hear({ value: 5 })
    expect(yield* server.received()).toEqual(["entered", "1", "2", "5"])
    expect(yield* Process.info(tester.pid)).toMatchObject({ monitoredBy: [] })
  })

  scenario("S03 a message that is not of the mailbox's type is the sender's error and is not sent", function* () {
    const puppet = yield* GenServer.start(Puppet, {}, there)
    const errand = yield* Process.start(Errand, { errand: "wait" }, there)
    const invalid = [
      Process.send(errand, { no: "word" } as unknown as Word),
      puppet.hear({ value: "one" as unknown as number }),
      Process.send(Process.named("S03", Word), Number.NaN)
    ]
    for (const sending of invalid) {
      const outcome = yield* Effect.exit(sending as Effect.Effect<void, never, Process.Provided>)
      expect(ExitReason.fromExit(outcome)).toMatchObject({ _tag: "Died", defect: { _tag: "InvalidMessage" } })
    }
    // At untyped edges it is a typed error
    const refused = yield* Effect.flip(Process.sendUnknown(errand, { no: "word" }))
    expect(refused._tag).toBe("InvalidMessage")
    yield* Process.sendUnknown(errand, 1)
    expect((yield* Process.info(errand))?.messageQueueLength).toBe(1)
    expect(yield* puppet.received()).toEqual([])
  })

  scenario("S04 a process handles one message at a time, however long that takes", function* () {
    const { enter, gate, server } = yield* held("suspend")
    yield* enter
    yield* server.hear({ value: 1 })
    yield* (yield* GenServer.start(Puppet, {}, there)).ping()
    const asking = yield* Effect.forkChild(server.received({ timeout: "Infinity" }))
    yield* gate.open()
    expect(yield* Fiber.join(asking)).toEqual(["entered", "1"])
  })

  scenario("S05 sending runs none of the receiver's code before the sender's own step is over", function* (tester) {
    const log: Array<string> = []
    const receiver = yield* Process.spawn(Word, (self) =>
      Effect.flatMap(self.receive, () => {
        log.push("received")
        return Process.send(tester.pid, "done")
      })
    )
    yield* Effect.yieldNow
    yield* Process.send(receiver, 1)
    log.push("sent")
    expect(yield* tester.receive).toBe("done")
    expect(log).toEqual(["sent", "received"])
  })

  scenario(
    "S05 an exit signal runs none of its receiver's code before the sender's own step is over",
    function* (tester) {
      for (const reason of [ExitReason.shutdown, ExitReason.kill, ExitReason.failed("boom")]) {
        const log: Array<string> = []
        const receiver = yield* Process.spawn(Word, (self) =>
          Effect.onExit(self.receive, () => Effect.sync(() => log.push("unwound")))
        )
        // It waits for its message when one that was started later has ended
        const later = yield* Process.spawnMonitor(Word, () => Effect.void)
        yield* reasonOf(tester, later.ref)
        const ref = yield* Process.monitor(receiver)
        yield* Process.exit(receiver, reason)
        log.push("sent")
        yield* reasonOf(tester, ref)
        expect(log[0]).toBe("sent")
      }
      yield* expectNothing(tester)
    }
  )
})
