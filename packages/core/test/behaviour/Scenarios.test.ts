// Catalogue area GS, on each system. The server is away from the tester.
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { expect } from "vitest"
import { onEachSystem } from "../../../../test/conformance/testers.ts"
import { ExitReason, GenServer, Process, System } from "../../src/index.ts"
import { Plain, Probe, type ProbeRef, program, Uninitialised, Word } from "./servers.ts"

type Tester = Process.Self<string>

/** Waits for the end of a process and gives its reason. */
const reasonOf = (tester: Tester, ref: Process.MonitorRef) =>
  Effect.map(
    tester.receiveWhen((message): message is Process.Down => message instanceof Process.Down && message.ref === ref),
    (down) => down.reason
  )

/** Ends a process and waits until it is gone. */
const kill = (tester: Tester, ref: { readonly pid: Process.Pid }) =>
  Effect.gen(function* () {
    const monitor = yield* Process.monitor(ref.pid)
    yield* Process.exit(ref.pid, ExitReason.kill)
    yield* reasonOf(tester, monitor)
  })

/** Fails when anything waits in the tester's mailbox. Only looks: whoever could have sent must have been asked before. */
const expectNothing = (tester: Tester) =>
  Effect.map(Effect.result(tester.receiveWithin(0)), (found) => expect(found).toMatchObject({ _tag: "Failure" }))

/** The next messages are exactly these words. */
const hears = (tester: Tester, ...words: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const heard = []
    for (const _ of words) heard.push(yield* tester.receive)
    expect(heard).toEqual(words)
  })

/** Waits until so many wait at a gate. */
const crowd = (gate: ProbeRef, count: number) =>
  Effect.gen(function* () {
    while ((yield* gate.waiting()) < count) yield* Effect.yieldNow
  })

const play = {
  mailbox: Word,
  entry: new URL("./entry.ts", import.meta.url),
  program,
  layer: (settings: object) => System.layer({ ...program, ...settings })
}

onEachSystem("GS GenServer", play, ({ here, notApplicable, scenario, schedulers, there }) => {
  /** What is reported of these processes while `action` runs: all of it, since a report of something later is waited for. */
  const reportsOf = <A, E>(action: Effect.Effect<A, E, Process.Provided>, ...about: ReadonlyArray<Process.Pid>) =>
    Effect.gen(function* () {
      const heard: Array<System.Event> = []
      const listening = yield* Effect.forkChild(
        Stream.runForEach(System.events, (event) => Effect.sync(() => heard.push(event))),
        { startImmediately: true }
      )
      // The other scheduler has seen the listener before it answers this
      const marker = yield* GenServer.start(Probe, {}, there)
      yield* action
      yield* marker.crash()
      const isAbout = (pid: Process.Pid) => (event: System.Event) => "pid" in event && String(event.pid) === String(pid)
      while (!heard.some(isAbout(marker.pid))) yield* Effect.yieldNow
      yield* Fiber.interrupt(listening)
      return heard.filter((event) => about.some((pid) => isAbout(pid)(event))).map(({ _tag }) => _tag)
    })

  scenario("GS01 start returns only after init has finished", function* (tester) {
    const gate = yield* GenServer.start(Probe, {}, here)
    const args = { to: tester.pid, gate: gate.pid }
    for (const start of [GenServer.start(Probe, args, there), GenServer.startLink(Probe, args, there)]) {
      const starting = yield* Effect.forkChild(start)
      yield* hears(tester, "init begins")
      yield* crowd(gate, 1)
      // The other scheduler answers others meanwhile
      yield* (yield* GenServer.start(Probe, {}, there)).ping()
      expect(starting.pollUnsafe()).toBe(undefined)
      yield* expectNothing(tester)
      yield* gate.open()
      const server = yield* Fiber.join(starting)
      yield* hears(tester, "init is over")
      expect(yield* server.ping()).toBe("pong")
    }
  })

  scenario("GS07 init that exits fails the start with its very reason", function* (tester) {
    const reason = ExitReason.failed("r")
    const failed = { _tag: "StartError", problem: "failed", reason }
    const error = yield* Effect.flip(GenServer.start(Probe, { init: "exit" }, there))
    expect(error).toMatchObject(failed)
    expect(error.reason).toEqual(reason)
    yield* expectNothing(tester)
    yield* Process.trapExit(true)
    expect(yield* Effect.flip(GenServer.startLink(Probe, { init: "exit" }, there))).toMatchObject(failed)
    expect((yield* tester.receiveTag("Exit")).reason).toEqual(reason)
    expect(yield* Effect.flip(GenServer.startMonitor(Probe, { init: "exit" }, there))).toMatchObject(failed)
    yield* expectNothing(tester)
    expect(yield* Process.info(tester.pid)).toMatchObject({ links: [], monitors: [] })
  })

  scenario("GS09 init that answers a call nobody has made fails the start with BadReturnValue", function* (tester) {
    const error = yield* Effect.flip(GenServer.start(Probe, { init: "answer a call" }, there))
    expect(error).toMatchObject({
      _tag: "StartError",
      problem: "failed",
      reason: { _tag: "Failed", error: { _tag: "BadReturnValue", callback: "behaviour/Probe.init" } }
    })
    yield* expectNothing(tester)
  })

  scenario(
    "GS10 a start whose time is over leaves no process, whether that was known by then or not",
    function* (tester) {
      yield* Process.trapExit(true)
      const gate = yield* GenServer.start(Probe, {}, here)
      const names: Array<string> = []
      let timedOut = 0
      type Start = (
        args: typeof Probe.args.Type,
        options: GenServer.StartOptions
      ) => Effect.Effect<ProbeRef, GenServer.StartError, Process.Provided>
      const starts: ReadonlyArray<Start> = [
        (args, options) => GenServer.start(Probe, args, options),
        (args, options) => GenServer.startLink(Probe, args, options),
        (args, options) => Effect.map(GenServer.startMonitor(Probe, args, options), ({ ref }) => ref)
      ]
      for (const start of starts) {
        for (const args of [{}, { gate: gate.pid }]) {
          for (const timeout of [0, 1]) {
            const name = `GS10 ${names.length}`
            names.push(name)
            const started = yield* Effect.result(start(args, { ...there, name, timeout }))
            if (started._tag === "Failure") {
              expect(started.failure).toMatchObject({ _tag: "StartError", problem: "timeout" })
              timedOut++
            } else {
              // It was in time
              expect(args).toEqual({})
              yield* Process.unlink(started.success.pid)
              yield* kill(tester, started.success)
            }
          }
        }
      }
      expect(timedOut).toBeGreaterThanOrEqual(6)
      // Whatever became of them has been heard of here, and this has been heard there
      for (const _ of [1, 2]) yield* (yield* GenServer.start(Probe, {}, there)).ping()
      yield* gate.open()
      for (const name of names) expect(yield* Process.whereis(name), name).toBe(undefined)
      yield* tester.flush
      expect(yield* Process.info(tester.pid)).toMatchObject({ links: [], monitors: [] })
    }
  )

  scenario("GS18 an answer that comes too late is that of no later call", function* (tester) {
    const gate = yield* GenServer.start(Probe, {}, there)
    const probe = yield* GenServer.start(Probe, {}, there)
    const late = yield* Effect.flip(probe.slow({ gate: gate.pid, answer: "late" }, { timeout: 1 }))
    expect(late._tag).toBe("CallTimeout")
    // Its answer comes while the tester waits for the next one
    yield* Process.spawn(Word, () => Effect.andThen(crowd(gate, 1), gate.open()))
    expect(yield* probe.ping()).toBe("pong")
    yield* expectNothing(tester)
  })

  scenario("GS26 a caller that was answered early hears nothing of the crash after it", function* (tester) {
    yield* Process.trapExit(true)
    const reason = ExitReason.failed("late crash")
    const server = yield* GenServer.start(Probe, { to: tester.pid }, there)
    yield* hears(tester, "init begins", "init is over")
    const ref = yield* Process.monitor(server.pid)
    expect(yield* server.answerAndExit({ reason })).toBe("early")
    yield* hears(tester, "terminate failed: late crash")
    expect(yield* reasonOf(tester, ref)).toEqual(reason)
    yield* expectNothing(tester)
    // Unless they are linked
    const linked = yield* GenServer.startLink(Probe, {}, there)
    expect(yield* linked.answerAndExit({ reason })).toBe("early")
    expect(yield* tester.receiveTag("Exit")).toMatchObject({ reason })
    yield* expectNothing(tester)
  })

  scenario("GS27 a cast to nobody is no error", function* (tester) {
    yield* Process.trapExit(true)
    const dead = yield* GenServer.start(Probe, {}, there)
    yield* kill(tester, dead)
    const nobody = [dead, Probe.named("GS27 nobody"), Probe.at(dead.pid)]
    if (schedulers > 1) {
      // Its whole scheduler is gone: known to be, and refilled
      const lost = yield* GenServer.start(Probe, {}, there)
      const ref = yield* Process.monitor(lost.pid)
      yield* System.killScheduler(1)
      expect(yield* reasonOf(tester, ref)).toEqual(ExitReason.schedulerDown(1))
      nobody.push(lost)
      for (const address of nobody) expect(yield* address.note({ word: "lost" })).toBe(undefined)
    }
    const next = yield* GenServer.start(Probe, {}, there)
    for (const address of nobody) expect(yield* address.note({ word: "lost" })).toBe(undefined)
    expect(yield* next.words()).toEqual([])
    yield* expectNothing(tester)
  })

  scenario("GS29 a message that the server has no handler for is reported, and its state stays", function* (tester) {
    const server = yield* GenServer.start(Plain, {}, there)
    expect(yield* server.add()).toBe(1)
    const reports = yield* reportsOf(
      Effect.gen(function* () {
        yield* Process.sendUnknown(server.pid, "stray")
        expect(yield* server.add()).toBe(2)
      }),
      server.pid
    )
    expect(reports).toEqual(["UnexpectedMessage"])
    expect(yield* Process.isAlive(server.pid)).toBe(true)
    yield* expectNothing(tester)
  })

  scenario("GS31 a server without terminate stops as asked, and one without init cannot start", function* (tester) {
    for (const reason of [ExitReason.normal, ExitReason.shutdown, ExitReason.failed("why")]) {
      const server = yield* GenServer.start(Plain, {}, there)
      const ref = yield* Process.monitor(server.pid)
      expect(yield* GenServer.terminate(server, { reason })).toBe(undefined)
      expect(yield* reasonOf(tester, ref)).toEqual(reason)
    }
    expect(yield* Effect.flip(GenServer.start(Uninitialised, {}, there))).toMatchObject({
      _tag: "StartError",
      contract: "behaviour/Uninitialised",
      problem: "failed",
      reason: { _tag: "Died" }
    })
    yield* expectNothing(tester)
  })

  notApplicable("GS31 a server without code_change", "code_change is not there yet")

  scenario("GS35 a server that does not trap lives on when its parent ends normally", function* (tester) {
    const parent = yield* Process.spawnMonitor(Word, (self) =>
      Effect.gen(function* () {
        yield* GenServer.startLink(Probe, { to: tester.pid }, { ...there, name: "GS35" })
        yield* self.receive
      })
    )
    yield* hears(tester, "init begins", "init is over")
    while ((yield* Process.whereis("GS35")) === undefined) yield* Effect.yieldNow
    yield* Process.send(parent.pid, "return")
    expect(yield* reasonOf(tester, parent.ref)).toEqual(ExitReason.normal)
    const server = Probe.named("GS35")
    expect(yield* server.ping()).toBe("pong")
    const pid = yield* Process.whereis("GS35")
    expect(yield* Process.info(pid!)).toMatchObject({ links: [], status: "running" })
    yield* expectNothing(tester)
    yield* GenServer.terminate(server)
    yield* hears(tester, "terminate normal")
  })

  scenario("GS37 a terminate that exits or crashes decides the reason", function* (tester) {
    const endsWith = ExitReason.failed("term_boom")
    for (const reason of [ExitReason.normal, ExitReason.shutdown, ExitReason.failed("asked for")]) {
      const server = yield* GenServer.start(Probe, { endsWith }, there)
      const ref = yield* Process.monitor(server.pid)
      expect(yield* Effect.flip(GenServer.terminate(server, { reason }))).toMatchObject({
        _tag: "NoProcess",
        callee: String(server.pid),
        call: "behaviour/Probe.terminate",
        reason: endsWith
      })
      expect(yield* reasonOf(tester, ref)).toEqual(endsWith)
    }
    // By a stop of its own, too
    const server = yield* GenServer.start(Probe, { endsWith }, there)
    const ref = yield* Process.monitor(server.pid)
    expect(yield* Effect.flip(server.stopInCall({ reason: ExitReason.normal }))).toMatchObject({ reason: endsWith })
    expect(yield* reasonOf(tester, ref)).toEqual(endsWith)
    yield* expectNothing(tester)
  })

  notApplicable(
    "GS40 a system message restarts the timeout",
    "sys is not there yet; questions do not go through a server"
  )

  scenario("GS41 a timeout of zero loses to a message that waits, and to nothing else", function* (tester) {
    const gate = yield* GenServer.start(Probe, {}, here)
    const server = yield* GenServer.start(Probe, { to: tester.pid }, there)
    yield* hears(tester, "init begins", "init is over")
    yield* server.enter({ gate: gate.pid })
    yield* crowd(gate, 1)
    // Both wait by the time that the timeout is asked for
    yield* server.idle({ milliseconds: 0 })
    yield* server.note({ word: "queued" })
    while ((yield* Process.info(server.pid))?.messageQueueLength !== 2) yield* Effect.yieldNow
    yield* gate.open()
    while ((yield* Process.info(server.pid))?.messageQueueLength !== 0) yield* Effect.yieldNow
    // A turn later it would have fired
    yield* (yield* GenServer.start(Probe, {}, there)).ping()
    expect(yield* server.words()).toEqual(["enter", "idle", "queued"])
    yield* expectNothing(tester)
    yield* server.idle({ milliseconds: 0 })
    yield* hears(tester, "timeout")
    expect(yield* server.words()).toEqual(["enter", "idle", "queued", "idle", "timeout"])
    yield* expectNothing(tester)
  })

  scenario("GS45 stop that times out leaves the server to stop when it gets to it", function* (tester) {
    const gate = yield* GenServer.start(Probe, {}, here)
    const server = yield* GenServer.start(Probe, { to: tester.pid }, there)
    yield* hears(tester, "init begins", "init is over")
    const ref = yield* Process.monitor(server.pid)
    yield* server.enter({ gate: gate.pid })
    yield* crowd(gate, 1)
    const error = yield* Effect.flip(GenServer.terminate(server, { reason: ExitReason.shutdown, timeout: 10 }))
    expect(error).toMatchObject({
      _tag: "CallTimeout",
      callee: String(server.pid),
      call: "behaviour/Probe.terminate",
      after: 10
    })
    expect(yield* Process.isAlive(server.pid)).toBe(true)
    yield* expectNothing(tester)
    yield* gate.open()
    yield* hears(tester, "terminate shutdown")
    expect(yield* reasonOf(tester, ref)).toEqual(ExitReason.shutdown)
    yield* expectNothing(tester)
  })

  scenario("GS46 stop with a timeout that is none is the caller's error, and the server lives", function* (tester) {
    const server = yield* GenServer.start(Probe, { to: tester.pid }, there)
    yield* hears(tester, "init begins", "init is over")
    // What code without types could pass
    for (const timeout of ["soon", null] as ReadonlyArray<unknown> as ReadonlyArray<number>) {
      const exit = yield* Effect.exit(Effect.suspend(() => GenServer.terminate(server, { timeout })))
      expect(Exit.isFailure(exit) && Exit.hasDies(exit), String(timeout)).toBe(true)
      expect(yield* server.ping()).toBe("pong")
    }
    yield* expectNothing(tester)
  })

  for (const timeout of [-1, Number.NaN, Number.NEGATIVE_INFINITY]) {
    scenario(`GS46 stop with a timeout of ${timeout} is the caller's error, and the server lives`, function* (tester) {
      const server = yield* GenServer.start(Probe, { to: tester.pid }, there)
      yield* hears(tester, "init begins", "init is over")
      const stopped = yield* Effect.exit(GenServer.terminate(server, { timeout }))
      expect(Exit.isFailure(stopped) && Exit.hasDies(stopped)).toBe(true)
      expect(yield* server.ping()).toBe("pong")
      yield* expectNothing(tester)
    })

    scenario(`GS17 a call or a start with a timeout of ${timeout} is the caller's error`, function* () {
      const server = yield* GenServer.start(Probe, {}, there)
      const called = yield* Effect.exit(server.ping({ timeout }))
      expect(Exit.isFailure(called) && Exit.hasDies(called)).toBe(true)
      // What is wrong with the options of a start is told by the start's own error
      const refused = yield* Effect.flip(GenServer.start(Probe, {}, { ...there, timeout }))
      expect(refused).toMatchObject({ _tag: "StartError", problem: "invalid-option", option: "timeout" })
    })
  }

  scenario("GS49 all servers of a list are called or told, and those that are gone are found out", function* (tester) {
    const dead = yield* GenServer.start(Probe, {}, there)
    yield* kill(tester, dead)
    const live = [yield* GenServer.start(Probe, {}, here), yield* GenServer.start(Probe, {}, there)]
    const all = [live[0]!, dead, live[1]!, Probe.named("GS49 nobody")]
    const [replies, bad] = yield* Effect.partition(all, (server) => server.ping(), { concurrency: "unbounded" })
    expect(replies).toEqual(["pong", "pong"])
    expect(bad).toMatchObject([
      { _tag: "NoProcess", callee: String(dead.pid) },
      { _tag: "NoProcess", callee: "GS49 nobody" }
    ])
    yield* Effect.forEach(all, (server) => server.note({ word: "told" }))
    for (const server of live) expect(yield* server.words()).toEqual(["told"])
    yield* expectNothing(tester)
  })

  notApplicable("GS49 multi_call and abcast to nodes", "there are no nodes: a list of refs takes their place")

  scenario("GS50 calls that are forked are collected in any order, looked at, and given up", function* (tester) {
    const gate = yield* GenServer.start(Probe, {}, here)
    const servers = [yield* GenServer.start(Probe, {}, there), yield* GenServer.start(Probe, {}, there)]
    const [one, two] = servers as [ProbeRef, ProbeRef]
    const ask = (server: ProbeRef, answer: string, timeout: number | "Infinity" = "Infinity") =>
      Effect.forkChild(server.slow({ gate: gate.pid, answer }, { timeout }), { startImmediately: true })
    const [first, second] = [yield* ask(one, "first"), yield* ask(two, "second")]
    yield* crowd(gate, 2)
    // Not ready yet
    expect([first.pollUnsafe(), second.pollUnsafe()]).toEqual([undefined, undefined])
    // Waiting with a limit gives up the wait, and not the call
    expect(yield* Effect.flip(Effect.timeout(Fiber.join(first), 1))).toMatchObject({ _tag: "TimeoutError" })
    yield* gate.open()
    expect([yield* Fiber.join(second), yield* Fiber.join(first)]).toEqual(["second", "first"])

    // The server's end is the answer of a call that waits
    const lost = yield* ask(one, "never")
    yield* crowd(gate, 1)
    yield* Process.exit(one.pid, ExitReason.failed("gone"))
    expect(yield* Effect.flip(Fiber.join(lost))).toMatchObject({
      _tag: "NoProcess",
      callee: String(one.pid),
      call: "behaviour/Probe.slow",
      reason: ExitReason.failed("gone")
    })

    // A call with a limit of its own is given up: its answer turns up nowhere
    expect(yield* Effect.flip(Fiber.join(yield* ask(two, "too late", 1)))).toMatchObject({ _tag: "CallTimeout" })
    // Nor does that of one that is interrupted
    const interrupted = yield* ask(two, "unwanted")
    yield* Fiber.interrupt(interrupted)
    // Each gets to the gate once the one before has been let in
    const last = yield* Effect.forkChild(two.ping({ timeout: "Infinity" }))
    while (last.pollUnsafe() === undefined) yield* gate.open()
    expect(yield* Fiber.join(last)).toBe("pong")
    yield* expectNothing(tester)
    expect(yield* Process.info(tester.pid)).toMatchObject({ monitors: [], links: [] })
  })

  notApplicable("GS52 code_change through sys", "neither code_change nor sys is there yet")

  notApplicable(
    "GS53 a plain process enters the server loop",
    "a server is driven by its scheduler and has no loop of its own to enter"
  )

  scenario("GS54 a linked caller ends with the server, whatever it does about the call", function* (tester) {
    const caller = yield* Process.spawnMonitor(Word, () =>
      Effect.gen(function* () {
        const server = yield* GenServer.startLink(Probe, {}, there)
        yield* Process.send(tester.pid, "calling")
        yield* Effect.exit(server.stopInCall({ reason: ExitReason.failed("sd") }))
        yield* Process.send(tester.pid, "went on")
        yield* Effect.never
      })
    )
    yield* hears(tester, "calling")
    expect(yield* reasonOf(tester, caller.ref)).toEqual(ExitReason.failed("sd"))
    yield* expectNothing(tester)
    // One that is not linked goes on with the error
    const unlinked = yield* GenServer.start(Probe, {}, there)
    expect(yield* Effect.flip(unlinked.stopInCall({ reason: ExitReason.failed("sd") }))).toMatchObject({
      _tag: "NoProcess",
      reason: ExitReason.failed("sd")
    })
  })

  scenario("GS55 a shutdown in a call fails the call and is not reported", function* (tester) {
    const reasons = [ExitReason.shutdown, ExitReason.shutdownWith("r"), ExitReason.normal, ExitReason.failed("bad")]
    const servers: Array<ProbeRef> = []
    for (const _ of reasons) servers.push(yield* GenServer.start(Probe, { to: tester.pid }, there))
    for (const _ of reasons) yield* hears(tester, "init begins", "init is over")
    const reports = yield* reportsOf(
      Effect.gen(function* () {
        for (const [index, reason] of reasons.entries()) {
          expect(yield* Effect.flip(servers[index]!.stopInCall({ reason }))).toMatchObject({
            _tag: "NoProcess",
            call: "behaviour/Probe.stopInCall",
            reason
          })
          yield* hears(tester, `terminate ${ExitReason.format(reason)}`)
        }
      }),
      ...servers.map(({ pid }) => pid)
    )
    // Only the last one is none of the shutdown kind
    expect(reports).toEqual(["ProcessCrashed"])
    yield* expectNothing(tester)
  })
})
