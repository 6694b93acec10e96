// Catalogue area M: monitors. The watched process is away from the tester, which watches.
import { ExitReason, GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import { expect } from "vitest"
import { Puppet, Word } from "./actors.ts"
import { bury, expectNothing, forEachSystem, nextDown, nextExit, reasonOf, rounds } from "./systems.ts"

const boom = { _tag: "Failed", error: "boom" } as const

forEachSystem("M monitors", ({ here, hold, scenario, there }) => {
  scenario("M02 DOWN is delivered for normal exits as well", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, {}, there)
    const ref = yield* Process.monitor(puppet.pid)
    yield* puppet.stop({ reason: ExitReason.normal })
    const down = yield* nextDown(tester)
    expect(down.ref).toBe(ref)
    expect(Process.equals(down.pid, puppet.pid)).toBe(true)
    expect(down.reason).toEqual(ExitReason.normal)
    const raw = yield* Process.spawnMonitor(Word, () => Effect.succeed("returned"))
    expect(yield* reasonOf(tester, raw.ref)).toEqual(ExitReason.normal)
  })

  scenario("M03 monitoring a dead process gives DOWN noproc", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, {}, there)
    yield* bury(tester, puppet)
    const ref = yield* Process.monitor(puppet.pid)
    expect(yield* reasonOf(tester, ref)).toEqual(ExitReason.noProcess)
    yield* expectNothing(tester)
  })

  scenario("M04 monitors stack", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, {}, there)
    const refs = [yield* Process.monitor(puppet.pid), yield* Process.monitor(puppet.pid)]
    expect(refs[0]).not.toBe(refs[1])
    yield* puppet.stop({ reason: boom })
    const downs = [yield* nextDown(tester), yield* nextDown(tester)]
    expect(downs.map((down) => down.ref).sort()).toEqual(refs.sort())
    expect(downs.map((down) => down.reason)).toEqual([boom, boom])
    yield* expectNothing(tester)
  })

  scenario("M05 monitoring does not affect the watched process and is one-directional", function* (tester) {
    const watched = yield* GenServer.start(Puppet, { trapExit: true }, there)
    const watcher = yield* GenServer.start(Puppet, {}, here)
    yield* watcher.monitor({ of: watched.pid })
    expect((yield* watched.ties()).monitoredBy).toEqual([String(watcher.pid)])
    const ref = yield* Process.monitor(watcher.pid)
    yield* watcher.raise({ message: "on purpose" })
    expect((yield* reasonOf(tester, ref))._tag).toBe("Died")
    expect((yield* watched.ties()).monitoredBy).toEqual([])
    expect(yield* watched.received()).toEqual([])
  })

  scenario("M06 demonitor prevents a future DOWN", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, {}, there)
    const removed = yield* Process.monitor(puppet.pid)
    const kept = yield* Process.monitor(puppet.pid)
    expect(yield* Process.demonitor(removed)).toBe(true)
    yield* puppet.stop({ reason: boom })
    expect((yield* nextDown(tester)).ref).toBe(kept)
    yield* expectNothing(tester)
  })

  scenario("M06 a DOWN underway when demonitor returns is not seen either", function* (tester) {
    for (let round = 0; round < rounds; round++) {
      const puppet = yield* GenServer.start(Puppet, {}, there)
      const removed = yield* Process.monitor(puppet.pid)
      const kept = yield* Process.monitor(puppet.pid)
      yield* puppet.stop({ reason: boom })
      yield* hold()
      // Had it come before, it stays, and the answer says so
      if (!(yield* Process.demonitor(removed))) expect(yield* reasonOf(tester, removed)).toEqual(boom)
      expect(yield* reasonOf(tester, kept)).toEqual(boom)
      yield* expectNothing(tester)
    }
  })

  scenario("M08 demonitor with flush removes a queued DOWN, and no other", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, {}, there)
    const flushed = yield* Process.monitor(puppet.pid)
    const kept = yield* Process.monitor(puppet.pid)
    const last = yield* Process.monitor(puppet.pid)
    yield* puppet.stop({ reason: boom })
    // The DOWNs come in the order of the monitors: behind the last one, all are there
    expect(yield* reasonOf(tester, last)).toEqual(boom)
    // What it returns is OTP's answer with the option `info`: the monitor was not set any more (M09)
    expect(yield* Process.demonitor(flushed, { flush: true })).toBe(false)
    expect((yield* nextDown(tester)).ref).toBe(kept)
    yield* expectNothing(tester)
  })

  scenario("M13 monitor by registered name reports the name", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, {}, { ...there, name: "M13" })
    const ref = yield* Process.monitor(Puppet.named("M13").address)
    yield* puppet.stop({ reason: boom })
    const down = yield* nextDown(tester)
    expect(down.ref).toBe(ref)
    expect(down.name).toBe("M13")
    expect(down.reason).toEqual(boom)
  })

  scenario("M14 monitor of an unregistered name gives DOWN noproc", function* (tester) {
    const ref = yield* Process.monitor(Puppet.named("M14").address)
    const down = yield* nextDown(tester)
    expect(down.ref).toBe(ref)
    expect(down.name).toBe("M14")
    expect(down.reason).toEqual(ExitReason.noProcess)
    yield* expectNothing(tester)
  })

  scenario("M16 monitor during the exit gives exactly one DOWN", function* (tester) {
    for (let round = 0; round < rounds; round++) {
      const puppet = yield* GenServer.start(Puppet, { end: { _tag: "Normal" } }, there)
      const raw = yield* Process.spawn(Word, () => Effect.void)
      for (let turn = round % 4; turn > 0; turn--) yield* Effect.yieldNow
      const refs = [yield* Process.monitor(puppet.pid), yield* Process.monitor(raw)]
      for (const ref of refs) expect(["Normal", "NoProcess"]).toContain((yield* reasonOf(tester, ref))._tag)
      yield* expectNothing(tester)
    }
  })

  scenario("M18 messages sent before death precede DOWN and EXIT", function* (tester) {
    yield* Process.trapExit(true)
    for (let round = 0; round < rounds; round++) {
      const puppet = yield* GenServer.startLink(Puppet, {}, there)
      yield* Process.monitor(puppet.pid)
      yield* puppet.lastWords({ to: tester.pid, words: [1, 2], reason: boom })
      const first = [yield* tester.receive, yield* tester.receive]
      expect(first, `round ${round}`).toEqual([1, 2])
      expect((yield* nextDown(tester)).reason).toEqual(boom)
      expect((yield* nextExit(tester)).reason).toEqual(boom)
    }
    yield* expectNothing(tester)
  })

  // An alias with reply_demonitor is what a call is made of: there is no other way to have one here
  scenario("M20 of two replies to a call only the first is delivered, and no DOWN", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, {}, there)
    expect(yield* puppet.answerTwice()).toBe(1)
    const ref = yield* Process.monitor(puppet.pid)
    yield* puppet.stop({ reason: boom })
    expect(yield* reasonOf(tester, ref)).toEqual(boom)
    yield* expectNothing(tester)
  })
})
