// Catalogue area M: monitors. The watched process is away from the tester, which watches.
import { ExitReason, GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { expect } from "vitest"
import { Puppet, Word } from "./actors.ts"
import { bury, drain, expectNothing, forEachSystem, nextDown, nextExit, reasonOf, rounds } from "./systems.ts"

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
    const down = yield* nextDown(tester)
    expect([down.ref, String(down.pid), down.reason]).toEqual([ref, String(puppet.pid), ExitReason.noProcess])
    yield* expectNothing(tester)
    expect((yield* Process.info(tester.pid))?.monitors).toEqual([])
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
    expect((yield* Process.info(tester.pid))?.monitors.map(String)).toEqual([String(puppet.pid)])
    expect((yield* puppet.ties()).monitoredBy).toEqual([String(tester.pid)])
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

  // OTP refuses it with badarg; here it finds nothing
  scenario("M06 demonitor leaves the monitors of others alone", function* (tester) {
    for (const placement of [here, there]) {
      const watched = yield* GenServer.start(Puppet, {}, placement)
      const watcher = yield* GenServer.start(Puppet, {}, here)
      // The newest of all monitors, and one that is not
      const refs = [yield* watcher.monitor({ of: watched.pid })]
      expect(yield* Process.demonitor(refs[0] as Process.MonitorRef)).toBe(false)
      refs.push(yield* watcher.monitor({ of: watched.pid }))
      const own = yield* Process.monitor(watched.pid)
      for (const ref of refs) {
        expect(yield* Process.demonitor(ref as Process.MonitorRef)).toBe(false)
        expect(yield* Process.demonitor(ref as Process.MonitorRef, { flush: true })).toBe(false)
      }
      // Nor does one of a process that another has watched
      const away = yield* GenServer.start(Puppet, {}, there)
      expect(yield* away.demonitor({ ref: own })).toBe(false)
      expect((yield* watcher.ties()).monitors).toEqual([String(watched.pid), String(watched.pid)])
      yield* watched.stop({ reason: boom })
      expect(yield* reasonOf(tester, own)).toEqual(boom)
      const downs = refs.map((ref) => ({ _tag: "Down", ref, pid: String(watched.pid), reason: boom }))
      // DOWNs of one process come in the order of their monitors: its own is behind them
      expect(yield* watcher.received()).toEqual(downs)
    }
    yield* expectNothing(tester)
  })

  scenario("M08 demonitor with flush removes a queued DOWN, and no other", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, {}, there)
    const [first, flushed, third, last] = [
      yield* Process.monitor(puppet.pid),
      yield* Process.monitor(puppet.pid),
      yield* Process.monitor(puppet.pid),
      yield* Process.monitor(puppet.pid)
    ]
    yield* puppet.stop({ reason: boom })
    // The DOWNs come in the order of the monitors: behind the last one, all are there
    expect(yield* reasonOf(tester, last)).toEqual(boom)
    // What it returns is OTP's answer with the option `info`: the monitor was not set any more (M09)
    expect(yield* Process.demonitor(flushed, { flush: true })).toBe(false)
    expect([(yield* nextDown(tester)).ref, (yield* nextDown(tester)).ref]).toEqual([first, third])
    yield* expectNothing(tester)
    // Before the end, it prevents the DOWN and removes none
    const other = yield* GenServer.start(Puppet, {}, there)
    const [gone, kept] = [yield* Process.monitor(other.pid), yield* Process.monitor(other.pid)]
    expect(yield* Process.demonitor(gone, { flush: true })).toBe(true)
    yield* other.stop({ reason: boom })
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
    // By pid there is no name
    const other = yield* GenServer.start(Puppet, {}, { ...there, name: "M13" })
    yield* Process.monitor(other.pid)
    yield* bury(tester, other)
    expect((yield* nextDown(tester)).name).toBe(undefined)
    yield* expectNothing(tester)
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

  scenario("M20 of two replies to a call only the first is delivered, and no DOWN", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, {}, there)
    expect(yield* puppet.answerTwice()).toBe(1)
    const ref = yield* Process.monitor(puppet.pid)
    yield* puppet.stop({ reason: boom })
    expect(yield* reasonOf(tester, ref)).toEqual(boom)
    yield* expectNothing(tester)
  })

  scenario("M09 demonitor says whether the monitor was still set", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, {}, there)
    const live = yield* Process.monitor(puppet.pid)
    expect(yield* Process.demonitor(live)).toBe(true)
    expect(yield* Process.demonitor(live)).toBe(false)
    const [queued, kept] = [yield* Process.monitor(puppet.pid), yield* Process.monitor(puppet.pid)]
    const last = yield* Process.monitor(puppet.pid)
    yield* puppet.stop({ reason: boom })
    expect(yield* reasonOf(tester, last)).toEqual(boom)
    expect(yield* Process.demonitor(queued, { flush: true })).toBe(false)
    // Without flush, false means that the DOWN is there
    expect(yield* Process.demonitor(kept)).toBe(false)
    expect((yield* nextDown(tester)).ref).toBe(kept)
    yield* expectNothing(tester)
  })

  // OTP's demonitor answers true whatever it finds; what ours answers is OTP's answer with the option `info`
  scenario("M12 monitor self: a reference, no DOWN, not listed", function* (tester) {
    const ref = yield* Process.monitor(tester.pid)
    expect(ref).toBeTypeOf("number")
    expect((yield* Process.info(tester.pid))?.monitors).toEqual([])
    expect((yield* Process.info(tester.pid))?.monitoredBy).toEqual([])
    expect(yield* Process.demonitor(ref)).toBe(false)
    const puppet = yield* GenServer.start(Puppet, {}, there)
    expect(yield* puppet.monitorSelf()).toEqual({
      ties: { links: [], monitors: [], monitoredBy: [] },
      demonitored: false
    })
    expect(yield* puppet.received()).toEqual([])
    yield* expectNothing(tester)
  })

  scenario("M19 both link and monitor on the same process: one EXIT and one DOWN", function* (tester) {
    yield* Process.trapExit(true)
    const puppet = yield* GenServer.startLink(Puppet, {}, there)
    const ref = yield* Process.monitor(puppet.pid)
    yield* puppet.stop({ reason: boom })
    expect((yield* nextExit(tester)).reason).toEqual(boom)
    const down = yield* nextDown(tester)
    expect([down.ref, down.reason]).toEqual([ref, boom])
    yield* expectNothing(tester)
  })

  scenario("M20 monitor with a reply-demonitor alias takes one reply and no DOWN", function* (tester) {
    const watched = yield* GenServer.start(Puppet, {}, there)
    const { alias, ref } = yield* tester.monitorWithAlias(watched.pid, "reply-demonitor")
    yield* watched.sayThrough({ alias, words: [1, 2] })
    expect(yield* Process.demonitor(ref)).toBe(false)
    const last = yield* Process.monitor(watched.pid)
    yield* watched.stop({ reason: boom })
    expect(yield* reasonOf(tester, last)).toEqual(boom)
    expect(yield* tester.receive).toBe(1)
    yield* expectNothing(tester)
  })

  scenario("M20 without a reply its DOWN comes, and ends the alias", function* (tester) {
    const watched = yield* GenServer.start(Puppet, {}, there)
    const other = yield* GenServer.start(Puppet, {}, there)
    const { alias, ref } = yield* tester.monitorWithAlias(watched.pid, "reply-demonitor")
    yield* watched.stop({ reason: boom })
    expect(yield* reasonOf(tester, ref)).toEqual(boom)
    yield* other.sayThrough({ alias, words: ["late"] })
    yield* Process.send(alias, "late")
    yield* expectNothing(tester)
  })

  scenario("M21 a demonitor alias is ended by DOWN or demonitor", function* (tester) {
    const watched = yield* GenServer.start(Puppet, {}, there)
    const other = yield* GenServer.start(Puppet, {}, there)
    const { alias, ref } = yield* tester.monitorWithAlias(watched.pid, "demonitor")
    yield* watched.sayThrough({ alias, words: ["hi", "again"] })
    yield* watched.stop({ reason: boom })
    expect([yield* tester.receive, yield* tester.receive]).toEqual(["hi", "again"])
    expect(yield* reasonOf(tester, ref)).toEqual(boom)
    yield* other.sayThrough({ alias, words: ["after down"] })
    const second = yield* tester.monitorWithAlias(other.pid, "demonitor")
    yield* other.sayThrough({ alias: second.alias, words: ["hi"] })
    expect(yield* Process.demonitor(second.ref)).toBe(true)
    yield* other.sayThrough({ alias: second.alias, words: ["after demonitor"] })
    expect(yield* tester.receive).toBe("hi")
    expect(yield* Process.unalias(second.alias)).toBe(false)
    yield* expectNothing(tester)
  })

  scenario("M21 an alias whose process or name is gone already is over with the DOWN that says so", function* (tester) {
    const other = yield* GenServer.start(Puppet, {}, there)
    for (const mode of ["demonitor", "reply-demonitor"] as const) {
      const watched = yield* GenServer.start(Puppet, {}, there)
      yield* bury(tester, watched)
      for (const gone of [watched.pid, Process.named("M21 nobody", Word)]) {
        const { alias, ref } = yield* tester.monitorWithAlias(gone, mode)
        expect(yield* reasonOf(tester, ref)).toEqual(ExitReason.noProcess)
        yield* other.sayThrough({ alias, words: ["after down"] })
        yield* Process.send(alias, "after down")
        expect(yield* Process.trySend(alias, "after down")).toBe(false)
        expect(yield* Process.unalias(alias)).toBe(false)
      }
    }
    yield* expectNothing(tester)
  })

  scenario("M23 plain alias and unalias", function* (tester) {
    const sender = yield* GenServer.start(Puppet, {}, there)
    const plain = yield* tester.alias()
    yield* sender.sayThrough({ alias: plain, words: [1, 2] })
    expect(yield* Process.unalias(plain)).toBe(true)
    expect(yield* Process.unalias(plain)).toBe(false)
    yield* sender.sayThrough({ alias: plain, words: [3] })
    yield* Process.send(plain, 3)
    expect([yield* tester.receive, yield* tester.receive]).toEqual([1, 2])
    const once = yield* tester.alias("reply")
    yield* sender.sayThrough({ alias: once, words: ["first", "second"] })
    yield* Process.send(once, "third")
    expect(yield* tester.receive).toBe("first")
    expect(yield* Process.unalias(once)).toBe(false)
    yield* expectNothing(tester)
  })

  scenario(
    "M23 an explicit alias that was made with a monitor outlives the monitor's end, until unalias",
    function* (tester) {
      for (const ends of ["by DOWN", "by demonitor"]) {
        const watched = yield* GenServer.start(Puppet, {}, there)
        const sender = yield* GenServer.start(Puppet, {}, there)
        const { alias, ref } = yield* tester.monitorWithAlias(watched.pid, "explicit")
        yield* sender.sayThrough({ alias, words: ["first", "second"] })
        if (ends === "by DOWN") {
          yield* watched.stop({ reason: boom })
          expect(yield* reasonOf(tester, ref)).toEqual(boom)
        } else expect(yield* Process.demonitor(ref)).toBe(true)
        yield* sender.sayThrough({ alias, words: ["after its end"] })
        yield* Process.send(alias, "own")
        expect(yield* drain(tester), ends).toEqual(["first", "second", "after its end", "own"])
        expect(yield* Process.unalias(alias), ends).toBe(true)
        yield* sender.sayThrough({ alias, words: ["after unalias"] })
        yield* Process.send(alias, "after unalias")
        yield* expectNothing(tester)
      }
    }
  )

  scenario(
    "M23 a reply alias that was made with a monitor ends with one reply, and leaves the monitor",
    function* (tester) {
      for (const ends of ["by DOWN", "by demonitor"]) {
        const watched = yield* GenServer.start(Puppet, {}, there)
        const sender = yield* GenServer.start(Puppet, {}, there)
        const answered = yield* tester.monitorWithAlias(watched.pid, "reply")
        const open = yield* tester.monitorWithAlias(watched.pid, "reply")
        yield* sender.sayThrough({ alias: answered.alias, words: [1, 2] })
        expect(yield* Process.unalias(answered.alias)).toBe(false)
        if (ends === "by DOWN") {
          yield* watched.stop({ reason: boom })
          for (const { ref } of [answered, open]) expect(yield* reasonOf(tester, ref)).toEqual(boom)
        } else for (const { ref } of [answered, open]) expect(yield* Process.demonitor(ref)).toBe(true)
        // The one that has had no reply still takes one
        yield* sender.sayThrough({ alias: open.alias, words: [3, 4] })
        expect(yield* drain(tester), ends).toEqual([1, 3])
      }
    }
  )

  scenario("M24 nothing sent through an alias arrives after unalias has returned", function* (tester) {
    const sender = yield* GenServer.start(Puppet, {}, there)
    for (let round = 0; round < rounds; round++) {
      const alias = yield* tester.alias()
      const saying = yield* Effect.forkChild(sender.sayThrough({ alias, words: [round] }))
      yield* Process.send(alias, round)
      for (let turn = round % 4; turn > 0; turn--) yield* Effect.yieldNow
      expect(yield* Process.unalias(alias)).toBe(true)
      // What is in the mailbox already is kept: at most one of each sender
      expect(yield* tester.flush).toBeLessThanOrEqual(2)
      yield* Fiber.join(saying)
      yield* expectNothing(tester)
    }
  })
})
