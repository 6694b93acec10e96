// Catalogue area P: processes and exit signals. The process that signals hit is a puppet away from the tester.
import { ExitReason, GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import { expect } from "vitest"
import { cleaningUp, Puppet, type Reason, trapped, Word } from "./actors.ts"
import { bury, expectNothing, forEachSystem, nextExit, reasonOf, rounds } from "./systems.ts"

forEachSystem("P processes and exit signals", ({ alternate, scenario, there }) => {
  scenario("P02 exit(other, normal) is ignored by a non-trapping process", function* () {
    const puppet = yield* GenServer.start(Puppet, {}, there)
    yield* Process.exit(puppet.pid, ExitReason.normal)
    expect(yield* puppet.received()).toEqual([])
    yield* Process.link(puppet.pid)
    yield* Process.exit(puppet.pid, ExitReason.normal)
    expect(yield* puppet.received()).toEqual([])
    expect(yield* Process.isAlive(puppet.pid)).toBe(true)
  })

  scenario("P03 exit(other, normal) reaches a trapping process as a message", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, { trapExit: true }, there)
    yield* Process.exit(puppet.pid, ExitReason.normal)
    expect(yield* puppet.received()).toEqual([{ _tag: "Exit", from: String(tester.pid), reason: ExitReason.normal }])
    expect(yield* Process.isAlive(puppet.pid)).toBe(true)
  })

  scenario("P06 kill cannot be trapped and becomes killed", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, { trapExit: true, witness: tester.pid }, there)
    // The witness would hear of it: an exit signal that can be trapped, and a stop that cleans up
    yield* Process.exit(puppet.pid, ExitReason.failed("trappable"))
    expect(yield* tester.receive).toBe(trapped)
    yield* Process.trapExit(true)
    yield* Process.link(puppet.pid)
    const ref = yield* Process.monitor(puppet.pid)
    yield* Process.exit(puppet.pid, ExitReason.kill)
    const exit = yield* nextExit(tester)
    expect(Process.equals(exit.from, puppet.pid)).toBe(true)
    expect(exit.reason).toEqual(ExitReason.killed)
    expect(yield* reasonOf(tester, ref)).toEqual(ExitReason.killed)
    const other = yield* GenServer.start(Puppet, {}, there)
    yield* other.ping()
    yield* expectNothing(tester)
    // The witness is told where the end is an orderly one
    const orderly = yield* GenServer.start(Puppet, { witness: tester.pid }, there)
    yield* orderly.stop({ reason: ExitReason.normal })
    expect(yield* tester.receive).toBe(cleaningUp)
  })

  scenario("P08 exit(self, kill) yields killed even when trapping", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, { trapExit: true }, there)
    const ref = yield* Process.monitor(puppet.pid)
    yield* puppet.sendExitToSelf({ reason: ExitReason.kill })
    expect(yield* reasonOf(tester, ref)).toEqual(ExitReason.killed)

    const raw = yield* Process.spawnMonitor(Word, (self) =>
      Effect.andThen(Process.trapExit(true), Process.exit(self.pid, ExitReason.kill))
    )
    expect(yield* reasonOf(tester, raw.ref)).toEqual(ExitReason.killed)
  })

  for (const length of [1, 2, 10]) {
    scenario(`P09 killed propagates along a chain of links as killed (${length} processes)`, function* (tester) {
      const row = yield* Effect.forEach(
        Array.from({ length }, (_, index) => index),
        (index) => GenServer.start(Puppet, {}, alternate(index))
      )
      for (const [index, puppet] of row.entries()) {
        const next = row[index + 1]
        if (next !== undefined) yield* puppet.link({ to: next.pid })
      }
      // A link that starts at one end is there at the other when that end has been asked behind it
      for (const puppet of row) yield* puppet.ping()
      yield* Process.trapExit(true)
      const head = row[0]!
      yield* Process.link(head.pid)
      yield* Process.exit(row[length - 1]!.pid, ExitReason.kill)
      const exit = yield* nextExit(tester)
      expect(Process.equals(exit.from, head.pid)).toBe(true)
      expect(exit.reason).toEqual(ExitReason.killed)
    })
  }

  scenario("P10 exit signal to a dead process is a no-op", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, {}, there)
    const witness = yield* GenServer.start(Puppet, {}, there)
    yield* bury(tester, puppet)
    yield* Process.trapExit(true)
    yield* Process.exit(puppet.pid, ExitReason.failed("x"))
    yield* Process.exit(puppet.pid, ExitReason.kill)
    yield* witness.ping()
    yield* expectNothing(tester)
  })

  scenario("P13 exit reason of a raised error is the error with its stack", function* (tester) {
    yield* Process.trapExit(true)
    const puppet = yield* GenServer.startLink(Puppet, {}, there)
    const ref = yield* Process.monitor(puppet.pid)
    yield* puppet.raise({ message: "on purpose" })
    const raw = yield* Process.spawnMonitor(Word, () => Effect.die(new Error("on purpose")))
    const exit = yield* nextExit(tester)
    const reasons = [yield* reasonOf(tester, ref), exit.reason, yield* reasonOf(tester, raw.ref)]
    for (const reason of reasons) {
      expect(reason).toMatchObject({ _tag: "Died", defect: { message: "on purpose" } })
      expect(reason._tag === "Died" ? reason.stack : "").toContain("on purpose")
    }
    expect(exit.reason._tag === "Died" && exit.reason.stack).toContain("actors.ts")
  })

  scenario("P15 exit reason of exit(R) is exactly R", function* (tester) {
    const reasons: ReadonlyArray<typeof Reason.Type> = [
      { _tag: "Shutdown", detail: 1 },
      { _tag: "Failed", error: { code: [1, "two"] } },
      { _tag: "Normal" }
    ]
    for (const reason of reasons) {
      const puppet = yield* GenServer.start(Puppet, {}, there)
      const ref = yield* Process.monitor(puppet.pid)
      yield* puppet.exitSelf({ reason })
      expect(yield* reasonOf(tester, ref)).toEqual(reason)
      const raw = yield* Process.spawnMonitor(Word, () => Process.exit(reason))
      expect(yield* reasonOf(tester, raw.ref)).toEqual(reason)
    }
  })

  scenario("P18 trap flag setter returns the previous value", function* () {
    const puppet = yield* GenServer.start(Puppet, {}, there)
    const answers = [
      yield* puppet.trapExit({ on: true }),
      yield* puppet.trapExit({ on: true }),
      yield* puppet.trapExit({ on: false })
    ]
    expect(answers).toEqual([false, true, true])
    const own = [yield* Process.trapExit(true), yield* Process.trapExit(true), yield* Process.trapExit(false)]
    expect(own).toEqual([false, true, true])
  })

  scenario("P19 turning trapping off does not retract queued EXIT messages", function* (tester) {
    const sender = yield* GenServer.start(Puppet, {}, there)
    const process = yield* Process.spawnMonitor(Word, (self) =>
      Effect.gen(function* () {
        yield* Process.trapExit(true)
        yield* Process.send(tester.pid, "trapping")
        yield* self.receiveWhen((message): message is "go on" => message === "go on")
        yield* Process.trapExit(false)
        const exit = yield* self.receiveTag("Exit")
        yield* Process.send(tester.pid, ExitReason.format(exit.reason))
        return yield* self.receive
      })
    )
    expect(yield* tester.receive).toBe("trapping")
    yield* sender.sendExit({ to: process.pid, reason: { _tag: "Failed", error: "while trapping" } })
    yield* Process.send(process.pid, "go on")
    expect(yield* tester.receive).toBe("failed: while trapping")
    yield* sender.sendExit({ to: process.pid, reason: { _tag: "Failed", error: "after" } })
    expect(yield* reasonOf(tester, process.ref)).toEqual(ExitReason.failed("after"))
  })

  scenario("P21 is_alive observes an exit signal sent earlier by the same caller", function* () {
    for (let round = 0; round < rounds; round++) {
      const puppet = yield* GenServer.start(Puppet, {}, there)
      yield* Process.exit(puppet.pid, round % 2 === 0 ? ExitReason.kill : ExitReason.shutdown)
      expect(yield* Process.isAlive(puppet.pid), `round ${round}`).toBe(false)
    }
  })

  scenario("P24 first exit signal wins", function* (tester) {
    for (let round = 0; round < rounds; round++) {
      const puppet = yield* GenServer.start(Puppet, {}, there)
      const ref = yield* Process.monitor(puppet.pid)
      yield* Process.exit(puppet.pid, ExitReason.failed("first"))
      yield* Process.exit(puppet.pid, ExitReason.failed("second"))
      expect(yield* reasonOf(tester, ref), `round ${round}`).toEqual(ExitReason.failed("first"))
    }
  })

  scenario("P25 self-termination is not overridden by a later exit signal", function* (tester) {
    const own = { _tag: "Failed", error: "exited by myself" } as const
    for (let round = 0; round < rounds; round++) {
      const puppet = yield* GenServer.start(Puppet, {}, there)
      const ref = yield* Process.monitor(puppet.pid)
      yield* puppet.lastWords({ to: tester.pid, words: ["exiting"], reason: own })
      // Not before its own exit has begun
      yield* tester.receiveWhen((message): message is "exiting" => message === "exiting")
      yield* Process.exit(puppet.pid, ExitReason.failed("x"))
      expect(yield* reasonOf(tester, ref), `round ${round}`).toEqual(own)
    }
  })
})
