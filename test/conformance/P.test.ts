// Catalogue area P: processes and exit signals. The process that signals hit is a puppet away from the tester.
import { ExitReason, GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import { expect } from "vitest"
import { cleaningUp, factsOf, Puppet, type Reason, trapped, Word } from "./actors.ts"
import { Errand, largeReason } from "./errands.ts"
import { bury, drain, expectNothing, forEachSystem, nextExit, reasonOf, rounds } from "./systems.ts"

forEachSystem("P processes and exit signals", ({ alternate, here, notApplicable, scenario, there }) => {
  scenario("P02 exit(other, normal) is ignored by a non-trapping process", function* () {
    const puppet = yield* GenServer.start(Puppet, {}, there)
    yield* Process.exit(puppet.pid, ExitReason.normal)
    expect(yield* puppet.received()).toEqual([])
    yield* Process.link(puppet.pid)
    yield* Process.exit(puppet.pid, ExitReason.normal)
    expect(yield* puppet.received()).toEqual([])
    expect(yield* Process.isAlive(puppet.pid)).toBe(true)
  })

  // OTP's one exception: sent to oneself, it is the end
  scenario(
    "P02 exit(self, normal) ends a process that does not trap, and is a message to one that does",
    function* (tester) {
      const plain = yield* GenServer.start(Puppet, {}, there)
      const ref = yield* Process.monitor(plain.pid)
      yield* plain.sendExitToSelf({ reason: ExitReason.normal })
      expect(yield* reasonOf(tester, ref)).toEqual(ExitReason.normal)

      const raw = yield* Process.spawnMonitor(Word, (self) =>
        Effect.andThen(Process.exit(self.pid, ExitReason.normal), Process.send(tester.pid, "went on"))
      )
      expect(yield* reasonOf(tester, raw.ref)).toEqual(ExitReason.normal)
      yield* expectNothing(tester)

      const trapping = yield* GenServer.start(Puppet, { trapExit: true }, there)
      yield* trapping.sendExitToSelf({ reason: ExitReason.normal })
      // What it sends itself stands behind what it had been sent by then
      yield* trapping.ping()
      expect(yield* trapping.received()).toEqual([
        { _tag: "Exit", from: String(trapping.pid), reason: ExitReason.normal }
      ])
    }
  )

  scenario("P03 exit(other, normal) reaches a trapping process as a message", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, { trapExit: true }, there)
    yield* Process.exit(puppet.pid, ExitReason.normal)
    expect(yield* puppet.received()).toEqual([{ _tag: "Exit", from: String(tester.pid), reason: ExitReason.normal }])
    expect(yield* Process.isAlive(puppet.pid)).toBe(true)
  })

  scenario("P06 kill cannot be trapped and becomes killed", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, { trapExit: true, witness: tester.pid }, there)
    // The witness hears of an exit signal that can be trapped
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
    // What it could have said is here before the answer of one that is started after its end
    yield* (yield* GenServer.start(Puppet, {}, there)).ping()
    yield* expectNothing(tester)
  })

  scenario(
    "P06 terminate does not run for kill, neither between handlers nor in the middle of one",
    function* (tester) {
      for (const inHandler of [false, true]) {
        const puppet = yield* GenServer.start(Puppet, { trapExit: true, witness: tester.pid }, there)
        if (inHandler) yield* puppet.waitForever({ to: tester.pid })
        else yield* puppet.ping()
        if (inHandler) expect(yield* tester.receive).toBe("waiting")
        yield* bury(tester, puppet)
        yield* (yield* GenServer.start(Puppet, {}, there)).ping()
        yield* expectNothing(tester)
      }
      // It does for an orderly end
      const orderly = yield* GenServer.start(Puppet, { witness: tester.pid }, there)
      yield* orderly.stop({ reason: ExitReason.normal })
      expect(yield* tester.receive).toBe(cleaningUp)
    }
  )

  scenario(
    "P06 kill runs none of the process's own cleanup: neither finalizers of its code nor of its scope",
    function* (tester) {
      for (const reason of [ExitReason.failed("orderly"), ExitReason.kill]) {
        const errand = yield* Process.start(Errand, { errand: "clean up", to: tester.pid }, there)
        expect(yield* tester.receive).toBe("ready")
        const ref = yield* Process.monitor(errand)
        yield* Process.exit(errand, reason)
        const ended = yield* reasonOf(tester, ref)
        yield* (yield* GenServer.start(Puppet, {}, there)).ping()
        if (reason === ExitReason.kill) {
          expect(ended).toEqual(ExitReason.killed)
          yield* expectNothing(tester)
        } else expect(yield* drain(tester)).toEqual(["finalizer of its code", "finalizer of its scope"])
      }
    }
  )

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
      const refs = yield* Effect.forEach(row, ({ pid }) => Process.monitor(pid))
      yield* Process.trapExit(true)
      const head = row[0]!
      yield* Process.link(head.pid)
      yield* Process.exit(row[length - 1]!.pid, ExitReason.kill)
      const exit = yield* nextExit(tester)
      expect(Process.equals(exit.from, head.pid)).toBe(true)
      expect(exit.reason).toEqual(ExitReason.killed)
      for (const ref of refs) expect(yield* reasonOf(tester, ref)).toEqual(ExitReason.killed)
      yield* expectNothing(tester)
    })
  }

  scenario("P10 exit signal to a dead process is a no-op", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, {}, there)
    const witness = yield* GenServer.start(Puppet, {}, there)
    yield* bury(tester, puppet)
    yield* Process.trapExit(true)
    expect(yield* Process.exit(puppet.pid, ExitReason.failed("x"))).toBe(undefined)
    expect(yield* Process.exit(puppet.pid, ExitReason.kill)).toBe(undefined)
    yield* witness.ping()
    yield* expectNothing(tester)
    // Nor to whoever is started next
    expect(yield* Process.isAlive(witness.pid)).toBe(true)
    expect(yield* witness.received()).toEqual([])
  })

  scenario("P13 exit reason of a raised error is the error with its stack", function* (tester) {
    yield* Process.trapExit(true)
    const puppet = yield* GenServer.startLink(Puppet, {}, there)
    const ref = yield* Process.monitor(puppet.pid)
    yield* puppet.raise({ message: "on purpose" })
    const raw = yield* Process.spawnMonitor(Word, () => Effect.die(new Error("on purpose")))
    const exit = yield* nextExit(tester)
    const down = yield* reasonOf(tester, ref)
    expect(Process.equals(exit.from, puppet.pid)).toBe(true)
    // The same pair, whoever is told
    expect(exit.reason).toEqual(down)
    const reasons = [down, exit.reason, yield* reasonOf(tester, raw.ref)]
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

  scenario(
    "P15 an own exit(kill) is reason kill, not killed, also along links, and can be trapped there",
    function* (tester) {
      const chain = yield* Effect.forEach([0, 1, 2], (index) => GenServer.start(Puppet, {}, alternate(index)))
      const [first, second, third] = chain as [(typeof chain)[0], (typeof chain)[0], (typeof chain)[0]]
      yield* second.link({ to: first.pid })
      yield* third.link({ to: second.pid })
      for (const puppet of chain) yield* puppet.ping()
      const trapping = yield* GenServer.start(Puppet, { trapExit: true }, there)
      yield* trapping.link({ to: first.pid })
      yield* first.ping()
      const refs = yield* Effect.forEach(chain, ({ pid }) => Process.monitor(pid))
      yield* first.exitSelf({ reason: ExitReason.kill })
      for (const ref of refs) expect(yield* reasonOf(tester, ref)).toEqual(ExitReason.kill)
      expect(yield* trapping.received()).toEqual([{ _tag: "Exit", from: String(first.pid), reason: ExitReason.kill }])

      const raw = yield* Process.spawnMonitor(Word, () => Process.exit(ExitReason.kill))
      expect(yield* reasonOf(tester, raw.ref)).toEqual(ExitReason.kill)
      const errand = yield* Process.start(Errand, { errand: "exit by kill", to: tester.pid }, there)
      const ref = yield* Process.monitor(errand)
      yield* Process.send(errand, "go")
      expect(yield* reasonOf(tester, ref)).toEqual(ExitReason.kill)
      yield* expectNothing(tester)
    }
  )

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

  scenario("P11 exit signal to something that is not a process is the caller's error", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, {}, { ...there, name: "P11" })
    const send = (to: unknown) => Effect.exit(Process.exit(to as Process.Pid, ExitReason.kill))
    for (const to of ["P11", Puppet.named("P11").address, 42, null]) {
      const outcome = yield* send(to)
      expect(ExitReason.fromExit(outcome)).toMatchObject({ _tag: "Died", defect: { name: "TypeError" } })
    }
    yield* puppet.ping()
    yield* bury(tester, puppet)
    yield* expectNothing(tester)
  })

  scenario("P16 a large structured exit reason is delivered intact", function* (tester) {
    const size = 2000
    const errand = yield* Process.start(Errand, { errand: "wait" }, there)
    const ref = yield* Process.monitor(errand)
    yield* Process.exit(errand, largeReason(size))
    expect(yield* reasonOf(tester, ref)).toEqual(largeReason(size))
    yield* Process.trapExit(true)
    const own = yield* Process.startLink(Errand, { errand: "exit with a large reason", numbers: [size] }, there)
    const exit = yield* nextExit(tester)
    expect(Process.equals(exit.from, own)).toBe(true)
    expect(exit.reason).toEqual(largeReason(size))
  })

  scenario(
    "P23 process info reflects links, monitors, trap flag, queue length and registered name",
    function* (tester) {
      const linked = yield* GenServer.start(Puppet, {}, there)
      const watched = yield* GenServer.start(Puppet, {}, there)
      const expected = {
        label: "tester",
        ancestors: [],
        links: [String(linked.pid)],
        monitors: [String(watched.pid)],
        messageQueueLength: 3
      }
      yield* Process.link(linked.pid)
      yield* Process.link(linked.pid)
      yield* Process.monitor(watched.pid)
      for (const word of [1, 2, 3]) yield* Process.send(tester.pid, word)
      const own = Effect.map(Process.info(tester.pid), (info) => info && factsOf(info))
      expect(yield* own).toEqual({ ...expected, registeredName: null, trapExit: false })
      yield* Process.register("P23", tester.pid)
      yield* Process.trapExit(true)
      expect(yield* own).toEqual({ ...expected, registeredName: "P23", trapExit: true })
      // The same from away
      expect(yield* linked.look({ at: tester.pid })).toEqual(yield* own)
      const errand = yield* Process.start(Errand, { errand: "wait" }, there)
      for (const word of [1, 2, 3]) yield* Process.send(errand, word)
      expect((yield* Process.info(errand))?.messageQueueLength).toBe(3)
      yield* bury(tester, { pid: errand })
      expect(yield* Process.info(errand)).toBe(undefined)
      expect(yield* linked.look({ at: errand })).toBe(null)
      yield* tester.flush
    }
  )

  scenario("P28 process dictionary is private", function* (tester) {
    expect(yield* Process.put("a", "the tester's")).toBe(undefined)
    yield* Process.start(Errand, { errand: "dictionary", to: tester.pid }, there)
    const told = []
    for (let times = 0; times < 8; times++) told.push(String(yield* tester.receive))
    const isChilds = (text: string) => text.startsWith("child")
    // put, put, get, then once the child has put its own: get, erase, get
    expect(told.filter((text) => !isChilds(text))).toEqual(["nothing", "1", "2", "2", "nothing"])
    // get, put, get
    expect(told.filter(isChilds)).toEqual(["child nothing", "child nothing", "child 3"])
    expect(yield* Process.get("a")).toBe("the tester's")
    expect(yield* Process.erase("a")).toBe("the tester's")
    expect(yield* Process.get("a")).toBe(undefined)
  })

  scenario("P29 ancestors are inherited, nearest first", function* (tester) {
    const parent = yield* GenServer.start(Puppet, {}, there)
    const child = yield* parent.startChild({ scheduler: here.on.scheduler })
    const errand = yield* Process.start(Errand, { errand: "wait" }, there)
    const ancestorsOf = (pid: Process.Pid) => Effect.map(Process.info(pid), (info) => info?.ancestors.map(String))
    expect(yield* ancestorsOf(parent.pid)).toEqual([String(tester.pid)])
    expect(yield* ancestorsOf(child)).toEqual([String(parent.pid), String(tester.pid)])
    expect(yield* ancestorsOf(errand)).toEqual([String(tester.pid)])
    expect(String((yield* Process.info(child))?.parent)).toBe(String(parent.pid))
  })

  notApplicable("P29 callers of tasks", "Task is not there yet")

  scenario("P30 process label set and get", function* (tester) {
    const labelled = yield* Process.start(Errand, { errand: "label", text: "L", to: tester.pid }, there)
    expect(yield* tester.receive).toBe("labelled")
    expect((yield* Process.info(labelled))?.label).toBe("L")
    const unlabelled = yield* Process.start(Errand, { errand: "wait" }, there)
    expect((yield* Process.info(unlabelled))?.label).toBe(undefined)
    const puppet = yield* GenServer.start(Puppet, {}, there)
    yield* Process.setLabel("mine")
    expect((yield* puppet.look({ at: tester.pid }))?.label).toBe("mine")
    expect((yield* puppet.look({ at: labelled }))?.label).toBe("L")
  })

  // OTP refuses a raw receive of more than 2^32 - 1 ms; here it waits as long as it is told
  scenario("P31 sleep and receive for longer than any timer of the host takes", function* (tester) {
    for (const errand of ["sleep", "receive within"]) {
      for (const milliseconds of [2 ** 31, 2 ** 32, 2 ** 40]) {
        const asleep = yield* Process.start(Errand, { errand, numbers: [milliseconds], to: tester.pid }, there)
        expect(yield* tester.receive).toBe("asleep")
        // A host timer of so long would fire at once: by now it would have
        yield* Process.sendAfter(tester.pid, "later", 5)
        expect(yield* tester.receive).toBe("later")
        expect(yield* Process.isAlive(asleep)).toBe(true)
        yield* bury(tester, { pid: asleep })
        yield* expectNothing(tester)
      }
    }
  })

  scenario("P32 infinite sleep still processes signals", function* (tester) {
    const partner = yield* GenServer.start(Puppet, {}, here)
    // The signal ends the sleep, and not the time that a process has to unwind
    const endless = { ...there, unwindTimeout: "Infinity" } as const
    const asleep = yield* Process.start(Errand, { errand: "sleep", to: tester.pid }, endless)
    expect(yield* tester.receive).toBe("asleep")
    yield* partner.link({ to: asleep })
    const ref = yield* Process.monitor(asleep)
    yield* partner.stop({ reason: { _tag: "Failed", error: "x" } })
    expect(yield* reasonOf(tester, ref)).toEqual(ExitReason.failed("x"))
    yield* expectNothing(tester)
  })
})
