// Catalogue area L: links. Where two or three processes are linked, each link crosses schedulers when there are two.
import { ExitReason, GenServer, Process } from "@understudy/core"
import { parsePid } from "@understudy/core/internal/Values"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { expect } from "vitest"
import { Puppet, type Reason, Word } from "./actors.ts"
import { Errand, onPurpose } from "./errands.ts"
import { bury, expectNothing, forEachSystem, nextExit, reasonOf, rounds } from "./systems.ts"

const boom = { _tag: "Failed", error: "boom" } as const

forEachSystem("L links", ({ alternate, here, hold, scenario, schedulers, there }) => {
  scenario("L01 abnormal exit kills the linked partner with the same reason, and on", function* (tester) {
    for (const first of [0, 1]) {
      const [a, b, c] = [
        yield* GenServer.start(Puppet, {}, alternate(first)),
        yield* GenServer.start(Puppet, {}, alternate(first + 1)),
        yield* GenServer.start(Puppet, {}, alternate(first))
      ]
      yield* a.link({ to: b.pid })
      yield* c.link({ to: b.pid })
      yield* b.ping()
      const refs = [yield* Process.monitor(a.pid), yield* Process.monitor(b.pid), yield* Process.monitor(c.pid)]
      yield* a.stop({ reason: boom })
      for (const ref of refs) expect(yield* reasonOf(tester, ref)).toEqual(boom)
    }
  })

  scenario("L03 shutdown and {shutdown, _} do kill linked non-trapping partners", function* (tester) {
    const reasons: ReadonlyArray<typeof Reason.Type> = [{ _tag: "Shutdown" }, { _tag: "Shutdown", detail: "x" }]
    for (const reason of reasons) {
      const a = yield* GenServer.start(Puppet, {}, there)
      const b = yield* GenServer.start(Puppet, {}, here)
      yield* b.link({ to: a.pid })
      const ref = yield* Process.monitor(b.pid)
      yield* a.stop({ reason })
      expect(yield* reasonOf(tester, ref)).toEqual(reason)
    }
  })

  scenario("L04 trapping partner gets EXIT for normal too", function* (tester) {
    const [a, b] = [yield* GenServer.start(Puppet, {}, there), yield* GenServer.start(Puppet, { trapExit: true }, here)]
    yield* b.link({ to: a.pid })
    const ref = yield* Process.monitor(a.pid)
    yield* a.stop({ reason: ExitReason.normal })
    expect(yield* reasonOf(tester, ref)).toEqual(ExitReason.normal)
    expect(yield* b.received()).toEqual([{ _tag: "Exit", from: String(a.pid), reason: ExitReason.normal }])
    // The other way round: the one that traps is away
    const [c, d] = [yield* GenServer.start(Puppet, {}, here), yield* GenServer.start(Puppet, { trapExit: true }, there)]
    yield* d.link({ to: c.pid })
    const second = yield* Process.monitor(c.pid)
    yield* c.stop({ reason: ExitReason.normal })
    expect(yield* reasonOf(tester, second)).toEqual(ExitReason.normal)
    expect(yield* d.received()).toEqual([{ _tag: "Exit", from: String(c.pid), reason: ExitReason.normal }])
  })

  scenario("L06 linking twice creates one link", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, {}, there)
    yield* Process.link(puppet.pid)
    yield* Process.link(puppet.pid)
    const linked = (yield* Process.info(tester.pid))?.links.map(String)
    expect(linked).toEqual([String(puppet.pid)])
    expect((yield* puppet.ties()).links).toEqual([String(tester.pid)])
    yield* Process.unlink(puppet.pid)
    expect((yield* Process.info(tester.pid))?.links).toEqual([])
    expect((yield* puppet.ties()).links).toEqual([])
    const ref = yield* Process.monitor(puppet.pid)
    yield* puppet.stop({ reason: boom })
    // The tester does not trap: that it goes on is what is expected
    expect(yield* reasonOf(tester, ref)).toEqual(boom)

    yield* Process.trapExit(true)
    const other = yield* GenServer.start(Puppet, {}, there)
    yield* Process.link(other.pid)
    yield* Process.link(other.pid)
    const second = yield* Process.monitor(other.pid)
    yield* other.stop({ reason: boom })
    expect((yield* nextExit(tester)).reason).toEqual(boom)
    yield* reasonOf(tester, second)
    yield* expectNothing(tester)
  })

  scenario("L06 two processes that link each other have one link", function* (tester) {
    yield* Process.trapExit(true)
    const links = Effect.map(Process.info(tester.pid), (info) => info?.links.map(String))
    for (const ends of ["unlink", "exit"]) {
      const puppet = yield* GenServer.start(Puppet, {}, there)
      yield* Process.link(puppet.pid)
      yield* puppet.link({ to: tester.pid })
      expect(yield* links).toEqual([String(puppet.pid)])
      expect((yield* puppet.ties()).links).toEqual([String(tester.pid)])
      if (ends === "unlink") {
        yield* puppet.unlink({ from: tester.pid })
        expect(yield* links).toEqual([])
        expect((yield* puppet.ties()).links).toEqual([])
      }
      const ref = yield* Process.monitor(puppet.pid)
      yield* puppet.stop({ reason: boom })
      yield* reasonOf(tester, ref)
      if (ends === "exit") expect((yield* nextExit(tester)).reason).toEqual(boom)
      yield* expectNothing(tester)
    }
  })

  scenario("L07 link to self is a no-op", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, {}, there)
    yield* puppet.linkSelf()
    expect((yield* puppet.ties()).links).toEqual([])
    const ref = yield* Process.monitor(puppet.pid)
    yield* puppet.stop({ reason: boom })
    expect(yield* reasonOf(tester, ref)).toEqual(boom)
    yield* Process.trapExit(true)
    yield* Process.link(tester.pid)
    expect((yield* Process.info(tester.pid))?.links).toEqual([])
    yield* expectNothing(tester)
  })

  scenario("L09 link to a dead process, caller not trapping", function* (tester) {
    const dead = yield* GenServer.start(Puppet, {}, there)
    yield* bury(tester, dead)
    const caller = yield* GenServer.start(Puppet, {}, here)
    const ref = yield* Process.monitor(caller.pid)
    // The link may kill its caller before or after the answer
    yield* Effect.ignore(caller.link({ to: dead.pid }))
    expect(yield* reasonOf(tester, ref)).toEqual(ExitReason.noProcess)
    const raw = yield* Process.spawnMonitor(Word, (self) => Effect.andThen(Process.link(dead.pid), self.receive))
    expect(yield* reasonOf(tester, raw.ref)).toEqual(ExitReason.noProcess)
    // On its own scheduler the link is its end, whatever it does next
    const near = yield* GenServer.start(Puppet, {}, here)
    yield* bury(tester, near)
    const hasty = yield* Process.spawnMonitor(Word, () => Process.link(near.pid))
    expect(yield* reasonOf(tester, hasty.ref)).toEqual(ExitReason.noProcess)
    yield* expectNothing(tester)
  })

  for (const trapping of [false, true]) {
    scenario(`L10 unlink guarantees no later EXIT (${trapping ? "trapping" : "not trapping"})`, function* (tester) {
      yield* Process.trapExit(trapping)
      for (let round = 0; round < rounds; round++) {
        const puppet = yield* GenServer.startLink(Puppet, {}, there)
        const ref = yield* Process.monitor(puppet.pid)
        yield* Process.unlink(puppet.pid)
        yield* puppet.stop({ reason: boom })
        expect(yield* reasonOf(tester, ref)).toEqual(boom)
        yield* expectNothing(tester)
      }
    })
  }

  scenario("L10 an exit underway when unlink returns is not seen either", function* (tester) {
    yield* Process.trapExit(true)
    for (let round = 0; round < rounds; round++) {
      const puppet = yield* GenServer.startLink(Puppet, {}, there)
      const ref = yield* Process.monitor(puppet.pid)
      yield* puppet.stop({ reason: boom })
      yield* hold()
      yield* Process.unlink(puppet.pid)
      // What came before the unlink stays, as in OTP
      const before = yield* Effect.result(tester.receiveTag("Exit", { after: 0 }))
      if (before._tag === "Success") expect(before.success.reason).toEqual(boom)
      expect(yield* reasonOf(tester, ref)).toEqual(boom)
      yield* expectNothing(tester)
    }
  })

  scenario("L10 a link that is made again after unlink is a new link, and breaks as one", function* (tester) {
    yield* Process.trapExit(true)
    for (const relinks of [1, 2, 5]) {
      for (const settled of [false, true]) {
        const puppet = yield* GenServer.startLink(Puppet, {}, there)
        for (let round = 0; round < relinks; round++) {
          yield* Process.unlink(puppet.pid)
          // The other side has confirmed it by then, or has not heard of it
          if (settled) yield* puppet.ping()
          yield* Process.link(puppet.pid)
        }
        expect((yield* puppet.ties()).links).toEqual([String(tester.pid)])
        expect((yield* Process.info(tester.pid))?.links.map(String)).toEqual([String(puppet.pid)])
        const ref = yield* Process.monitor(puppet.pid)
        yield* puppet.stop({ reason: boom })
        expect(yield* reasonOf(tester, ref)).toEqual(boom)
        const exit = yield* nextExit(tester)
        expect([String(exit.from), exit.reason]).toEqual([String(puppet.pid), boom])
        yield* expectNothing(tester)
      }
    }
  })

  scenario("L10 the exit of a link that was removed is never that of a link made after it", function* (tester) {
    yield* Process.trapExit(true)
    for (let round = 0; round < rounds; round++) {
      const puppet = yield* GenServer.startLink(Puppet, {}, there)
      const ref = yield* Process.monitor(puppet.pid)
      yield* puppet.stop({ reason: boom })
      const underway = yield* hold()
      if (schedulers === 1) expect(yield* reasonOf(tester, ref)).toEqual(boom)
      yield* Process.unlink(puppet.pid)
      // What came before the unlink stays, and nothing comes after it
      const before = yield* Effect.result(tester.receiveTag("Exit", { after: 0 }))
      if (before._tag === "Success") expect(before.success.reason).toEqual(boom)
      yield* Process.link(puppet.pid)
      const exit = yield* nextExit(tester)
      expect(String(exit.from), `round ${round}`).toBe(String(puppet.pid))
      // If it had ended by the time of the link, that is what the link says. Else it is the new link that broke
      const expected = underway || schedulers === 1 ? ["NoProcess"] : ["NoProcess", "Failed"]
      expect(expected, `round ${round}`).toContain(exit.reason._tag)
      if (schedulers > 1) expect(yield* reasonOf(tester, ref)).toEqual(boom)
      yield* expectNothing(tester)
    }
  })

  scenario("L13 unlink by one side removes the link for both", function* (tester) {
    for (const first of [0, 1]) {
      const a = yield* GenServer.start(Puppet, {}, alternate(first))
      const b = yield* GenServer.start(Puppet, {}, alternate(first + 1))
      yield* a.link({ to: b.pid })
      yield* b.ping()
      yield* b.trapExit({ on: true })
      yield* b.unlink({ from: a.pid })
      yield* a.ping()
      expect([(yield* a.ties()).links, (yield* b.ties()).links]).toEqual([[], []])
      const ref = yield* Process.monitor(a.pid)
      yield* a.stop({ reason: boom })
      expect(yield* reasonOf(tester, ref)).toEqual(boom)
      expect(yield* b.received()).toEqual([])
    }
  })

  scenario("L13 a link from one side that crosses the other's unlink leaves both of one opinion", function* (tester) {
    yield* Process.trapExit(true)
    for (let round = 0; round < rounds / 4; round++) {
      const puppet = yield* GenServer.start(Puppet, {}, there)
      const last = yield* GenServer.start(Puppet, {}, there)
      const linking = yield* Effect.forkChild(puppet.link({ to: tester.pid }), { startImmediately: true })
      yield* last.stop({ reason: ExitReason.normal })
      // The puppet's link is underway by the time that the other one has ended
      yield* hold()
      yield* Process.link(puppet.pid)
      yield* Process.unlink(puppet.pid)
      yield* Fiber.join(linking)
      yield* puppet.ping()
      const links = [(yield* Process.info(tester.pid))?.links.map(String), (yield* puppet.ties()).links]
      const both = [[String(puppet.pid)], [String(tester.pid)]]
      expect([[[], []], both], `round ${round}`).toContainEqual(links)
      const ref = yield* Process.monitor(puppet.pid)
      yield* puppet.stop({ reason: boom })
      expect(yield* reasonOf(tester, ref)).toEqual(boom)
      if (links[0]?.length === 1) expect((yield* nextExit(tester)).reason).toEqual(boom)
      yield* expectNothing(tester)
    }
  })

  scenario("L14 spawn_link is atomic", function* (tester) {
    yield* Process.trapExit(true)
    for (let round = 0; round < rounds; round++) {
      const puppet = yield* GenServer.startLink(Puppet, { end: boom }, there)
      const exit = yield* nextExit(tester)
      expect(Process.equals(exit.from, puppet.pid), `round ${round}`).toBe(true)
      expect(exit.reason, `round ${round}`).toEqual(boom)
      yield* expectNothing(tester)
    }
    for (let round = 0; round < rounds; round++) {
      const raws = [
        [yield* Process.spawnLink(Word, () => Process.exit(boom)), boom],
        [yield* Process.startLink(Errand, { errand: "exit" }, there), ExitReason.failed(onPurpose)]
      ] as const
      for (const [raw, reason] of raws) {
        const exit = yield* tester.receiveWhen(
          (message): message is Process.Exit => message instanceof Process.Exit && Process.equals(message.from, raw)
        )
        expect(exit.reason, `round ${round}`).toEqual(reason)
      }
      yield* expectNothing(tester)
    }
  })

  scenario("L15 child of spawn_link dies with its parent", function* (tester) {
    for (const placement of [here, there]) {
      const parent = yield* GenServer.start(Puppet, {}, placement)
      // Away from its parent
      const child = yield* parent.startChild({ scheduler: schedulers - 1 - placement.on.scheduler })
      const ref = yield* Process.monitor(child)
      yield* parent.stop({ reason: boom })
      expect(yield* reasonOf(tester, ref)).toEqual(boom)
    }
  })

  scenario("L15 child of spawn_link lives on when its parent exits normally", function* (tester) {
    for (const placement of [here, there]) {
      const parent = yield* GenServer.start(Puppet, {}, placement)
      const child = yield* parent.startChild({ scheduler: schedulers - 1 - placement.on.scheduler })
      const ref = yield* Process.monitor(parent.pid)
      yield* parent.stop({ reason: ExitReason.normal })
      expect(yield* reasonOf(tester, ref)).toEqual(ExitReason.normal)
      expect(yield* Process.isAlive(child)).toBe(true)
    }
  })

  scenario("L12 unlink of a process that is not linked, dead or never existed has no effect", function* (tester) {
    const stranger = yield* GenServer.start(Puppet, {}, there)
    const dead = yield* GenServer.start(Puppet, {}, there)
    yield* bury(tester, dead)
    const never = parsePid(`<${there.on.scheduler}.${stranger.pid.incarnation}.999999999>`)
    yield* Process.trapExit(true)
    for (const pid of [stranger.pid, dead.pid, never!, tester.pid]) {
      yield* Process.unlink(pid)
      yield* Process.unlink(pid)
    }
    yield* stranger.ping()
    expect((yield* stranger.ties()).links).toEqual([])
    expect((yield* Process.info(tester.pid))?.links).toEqual([])
    yield* expectNothing(tester)
  })

  scenario("L17 in a ring of links where two end at once all die, each of one of the two reasons", function* (tester) {
    const size = 50
    const ring = []
    for (let index = 0; index < size; index++) ring.push(yield* GenServer.start(Puppet, {}, alternate(index)))
    for (const [index, puppet] of ring.entries()) yield* puppet.link({ to: ring[(index + 1) % size]!.pid })
    for (const puppet of ring) yield* puppet.ping()
    yield* Process.trapExit(true)
    for (const puppet of ring) yield* Process.link(puppet.pid)
    for (const puppet of ring) yield* puppet.ping()
    yield* ring[0]!.stop({ reason: { _tag: "Failed", error: "one" } })
    yield* ring[25]!.stop({ reason: { _tag: "Failed", error: "other" } })
    const seen = new Set<string>()
    for (let times = 0; times < size; times++) {
      const exit = yield* nextExit(tester)
      seen.add(String(exit.from))
      expect(["failed: one", "failed: other"]).toContain(ExitReason.format(exit.reason))
    }
    expect([...seen].sort()).toEqual(ring.map((puppet) => String(puppet.pid)).sort())
    const after = yield* GenServer.start(Puppet, {}, there)
    yield* after.ping()
    yield* expectNothing(tester)
  })

  scenario("L18 EXIT from a linked process is indistinguishable from an explicit exit", function* (tester) {
    yield* Process.trapExit(true)
    const partner = yield* GenServer.startLink(Puppet, {}, there)
    yield* partner.sendExit({ to: tester.pid, reason: { _tag: "Failed", error: "explicit" } })
    // The explicit one does not remove the link
    expect((yield* Process.info(tester.pid))?.links.map(String)).toEqual([String(partner.pid)])
    yield* partner.stop({ reason: boom })
    const exits = [yield* nextExit(tester), yield* nextExit(tester)]
    expect(exits.map(({ from, reason }) => [String(from), reason])).toEqual([
      [String(partner.pid), ExitReason.failed("explicit")],
      [String(partner.pid), boom]
    ])
    expect(Object.keys(exits[0]!)).toEqual(Object.keys(exits[1]!))
    yield* expectNothing(tester)
  })
})
