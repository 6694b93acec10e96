// Catalogue area LO: what is logged, and what is not. Who is reported on is away from the tester; its scheduler's journal
// is asked once something that is certainly logged, and happened later, is there.
import { ExitReason, GenServer, Process } from "@understudy/core"
import { Supervisor } from "@understudy/supervisor"
import * as Effect from "effect/Effect"
import { expect } from "vitest"
import { Puppet, type Reason } from "./actors.ts"
import { Errand } from "./errands.ts"
import { Deaf, earOf, Journal, type Line, Phoenix, slowToLog, unloggable } from "./journal.ts"
import { bury, expectNothing, forEachSystem, reasonOf } from "./systems.ts"

/** Systems that share a thread share a journal: labels are different in each. */
let systems = 0

const boom = { _tag: "Failed", error: "boom" } as const
const reasons: ReadonlyArray<typeof Reason.Type> = [{ _tag: "Normal" }, { _tag: "Shutdown" }]
const orderly: ReadonlyArray<typeof Reason.Type> = [...reasons, { _tag: "Shutdown", detail: "x" }]

/** What a report of a crash tells beside its text. */
const crashFacts = ["ancestors", "label", "lastMessage", "links", "mailboxLength", "pid", "state"]

forEachSystem("LO logging and crash reports", ({ here, notApplicable, scenario, there }) => {
  const system = ++systems

  /** What that scheduler has logged about these processes (by pid or label), all of which have ended. */
  const logged = (...about: ReadonlyArray<Process.Pid | string>) =>
    Effect.gen(function* () {
      const journal = yield* GenServer.start(Journal, {}, there)
      const marker = yield* GenServer.start(Puppet, {}, there)
      yield* marker.raise({ message: "the last line" })
      let last: ReadonlyArray<Line> = []
      while (last.length === 0) last = yield* journal.lines({ about: [String(marker.pid)] })
      return yield* journal.lines({ about: about.map(String) })
    })

  const textsOf = (lines: ReadonlyArray<Line>) => lines.map(({ text }) => text)

  scenario("LO01 a server's orderly ends are not reported, an abnormal one is, once", function* (tester) {
    for (const reason of orderly) {
      const puppet = yield* GenServer.start(Puppet, {}, there)
      const ref = yield* Process.monitor(puppet.pid)
      yield* puppet.stop({ reason })
      expect(yield* reasonOf(tester, ref)).toEqual(reason)
      expect(yield* logged(puppet.pid)).toEqual([])
    }
    const puppet = yield* GenServer.start(Puppet, {}, { ...there, label: "LO01" })
    const ref = yield* Process.monitor(puppet.pid)
    yield* puppet.hear({ value: 1 })
    yield* puppet.stop({ reason: boom })
    yield* reasonOf(tester, ref)
    expect(yield* logged(puppet.pid)).toEqual([
      {
        level: "Error",
        text: `process LO01 ${puppet.pid} crashed: failed: boom`,
        about: String(puppet.pid),
        label: "LO01",
        facts: crashFacts,
        stack: false,
        error: ""
      }
    ])
    const raised = yield* GenServer.start(Puppet, {}, there)
    const second = yield* Process.monitor(raised.pid)
    yield* raised.raise({ message: "on purpose" })
    yield* reasonOf(tester, second)
    const [line, ...more] = yield* logged(raised.pid)
    expect(line).toMatchObject({
      level: "Error",
      text: `process conformance/Puppet ${raised.pid} crashed`,
      stack: true,
      error: "Error: on purpose",
      facts: crashFacts
    })
    expect(more).toEqual([])
  })

  scenario("LO01 a server that an exit signal ends has not crashed", function* (tester) {
    for (const reason of [ExitReason.kill, ExitReason.failed("from outside"), ExitReason.shutdown]) {
      const puppet = yield* GenServer.start(Puppet, {}, there)
      const ref = yield* Process.monitor(puppet.pid)
      yield* Process.exit(puppet.pid, reason)
      yield* reasonOf(tester, ref)
      expect(yield* logged(puppet.pid)).toEqual([])
    }
  })

  scenario("LO04 a raw process that raises or fails is reported, one that exits is not", function* (tester) {
    const run = (errand: string) =>
      Effect.gen(function* () {
        const pid = yield* Process.start(Errand, { errand }, there)
        const ref = yield* Process.monitor(pid)
        yield* Process.exit(pid, ExitReason.normal)
        yield* reasonOf(tester, ref)
        return yield* logged(pid)
      })
    for (const errand of ["raise", "fail"]) {
      const lines = yield* run(errand)
      expect(lines.length, errand).toBe(1)
      expect(lines[0]).toMatchObject({ level: "Error", stack: errand === "raise" })
      // Once
      expect(`${lines[0]?.text} ${lines[0]?.error}`.split("on purpose")).toHaveLength(2)
    }
    for (const errand of ["exit", "return"]) expect(yield* run(errand), errand).toEqual([])
    const killed = yield* Process.start(Errand, { errand: "wait" }, there)
    yield* bury(tester, { pid: killed })
    expect(yield* logged(killed)).toEqual([])
  })

  scenario("LO05 init that stops abnormally is reported, one that is orderly or ignores is not", function* () {
    const start = (name: string, refuses: typeof Reason.Type | "ignore") =>
      Effect.flip(GenServer.start(Puppet, { refuses }, { ...there, name: `${name} ${system}` }))
    expect(yield* start("LO05 boom", boom)).toMatchObject({ problem: "failed", reason: boom })
    const lines = yield* logged(`LO05 boom ${system}`)
    expect(lines.length).toBe(1)
    expect(lines[0]?.text).toContain("crashed: failed: boom")
    for (const [index, reason] of orderly.entries()) {
      expect(yield* start(`LO05 ${index}`, reason)).toMatchObject({ problem: "failed", reason })
      expect(yield* logged(`LO05 ${index} ${system}`)).toEqual([])
    }
    expect(yield* start("LO05 ignore", "ignore")).toMatchObject({ problem: "ignored" })
    expect(yield* logged(`LO05 ignore ${system}`)).toEqual([])
  })

  scenario("LO06 a supervisor reports children that ended, unless it was to be expected", function* (tester) {
    const child = (name: string, restart: Supervisor.Restart) =>
      Supervisor.child(Puppet, { speaks: { to: tester.pid, as: name } }, { name, restart })
    const spec = Supervisor.supervisor("LO06 top", {
      strategy: "one-for-one",
      intensity: { restarts: 10, within: "1 minute" },
      children: [child("LO06 p", "permanent"), child("LO06 t", "transient"), child("LO06 n", "temporary")],
      child: { on: there.on }
    })
    const supervisor = yield* Supervisor.start(spec)
    for (let times = 0; times < 3; times++) yield* tester.receive
    const reported = Effect.map(logged(supervisor.pid), (lines) => {
      for (const line of lines) expect(line).toMatchObject({ level: "Error", stack: false })
      return lines.map(({ label, text }) => [label, text.slice(text.indexOf(": ") + 2)])
    })
    const ended = (name: string, reason: typeof Reason.Type) =>
      Effect.gen(function* () {
        const puppet = Puppet.named(name)
        const ref = yield* Process.monitor(puppet.address)
        yield* puppet.stop({ reason })
        yield* reasonOf(tester, ref)
        // It has been told too
        yield* Supervisor.countChildren(supervisor)
      })
    yield* ended("LO06 p", { _tag: "Normal" })
    expect(yield* tester.receive).toBe("LO06 p down")
    expect(yield* tester.receive).toBe("LO06 p up")
    const first = ["LO06 p", expect.stringMatching(/^child LO06 p <.*> ended: normal$/)]
    expect(yield* reported).toEqual([first])
    yield* ended("LO06 t", { _tag: "Shutdown", detail: "x" })
    yield* ended("LO06 n", { _tag: "Normal" })
    expect(yield* reported).toEqual([first])
    yield* Supervisor.restartChild(supervisor, "LO06 t")
    const unexpected = (name: string, reason: string) => [
      name,
      expect.stringMatching(new RegExp(`^child ${name} <.*> ended: ${reason}$`))
    ]
    yield* ended("LO06 t", boom)
    expect(yield* reported).toEqual([first, unexpected("LO06 t", "failed: boom")])
    yield* ended("LO06 p", boom)
    yield* Supervisor.startChild(supervisor, child("LO06 n", "temporary"))
    yield* ended("LO06 n", boom)
    const failed = ["LO06 t", "LO06 p", "LO06 n"].map((name) => unexpected(name, "failed: boom"))
    expect(yield* reported).toEqual([first, ...failed])
    // A shutdown of a permanent one is reported too: it was not to be expected
    yield* ended("LO06 p", { _tag: "Shutdown" })
    const all = [first, ...failed, unexpected("LO06 p", "shutdown")]
    expect(yield* reported).toEqual(all)
    yield* Supervisor.stop(supervisor)
    expect((yield* reported).length).toBe(all.length)
    yield* tester.flush
  })

  scenario("LO06 a supervisor reports starts that fail, and that it gives up", function* (tester) {
    const bad = Supervisor.supervisor("LO06 bad", {
      strategy: "one-for-one",
      children: [Supervisor.child(Puppet, { refuses: boom }, { id: `LO06 refuses ${system}` })],
      child: { on: there.on }
    })
    yield* Effect.flip(Supervisor.start(bad))
    const lines = (yield* logged(`LO06 refuses ${system}`)).filter(({ facts }) => facts.includes("supervisor"))
    expect(lines.length).toBe(1)
    expect(lines[0]?.text).toContain(`: child LO06 refuses ${system} could not be started: failed: boom`)

    const spec = Supervisor.supervisor("LO06 gives up", {
      strategy: "one-for-one",
      intensity: { restarts: 2, within: "1 minute" },
      children: [Supervisor.child(Puppet, { yieldsTo: "LO06 blocker" }, { name: "LO06 falls" })],
      child: { on: there.on }
    })
    const supervisor = yield* Supervisor.start(spec)
    const ref = yield* Process.monitor(supervisor.pid)
    const blocker = yield* GenServer.start(Puppet, {}, { ...here, name: "LO06 blocker" })
    yield* Puppet.named("LO06 falls").stop({ reason: boom })
    expect(yield* reasonOf(tester, ref)).toEqual(ExitReason.shutdown)
    const texts = textsOf(yield* logged(supervisor.pid)).map((text) => text.replace(/<[\d.]+>/g, "<>"))
    expect(texts).toEqual([
      "supervisor LO06 gives up <>: child LO06 falls <> ended: failed: boom",
      "supervisor LO06 gives up <>: child LO06 falls could not be started: failed: gives way",
      "supervisor LO06 gives up <>: child LO06 falls could not be started: failed: gives way",
      "supervisor LO06 gives up <> gives up: its intensity allows 2 restarts within 60 seconds, and this would be number 3 (LO06 falls 3 times)"
    ])
    yield* bury(tester, blocker)
  })

  scenario("LO06 a supervisor reports a child that had to be killed", function* (tester) {
    const options = { shutdown: 10, name: "LO06 hangs" }
    const spec = Supervisor.supervisor("LO06 patient", {
      strategy: "one-for-one",
      children: [Supervisor.child(Puppet, { trapExit: true, atTheEnd: "hang" }, options)],
      child: { on: there.on }
    })
    const supervisor = yield* Supervisor.start(spec)
    const ref = yield* Process.monitor(supervisor.pid)
    yield* Supervisor.stop(supervisor)
    expect(yield* reasonOf(tester, ref)).toEqual(ExitReason.normal)
    const texts = textsOf(yield* logged(supervisor.pid))
    expect(texts.length).toBe(1)
    expect(texts[0]).toMatch(/: child LO06 hangs <.*> did not end within 10 ms and was killed$/)
  })

  notApplicable("LO09 task crash report", "Task is not there yet")

  scenario("LO10 a crash in terminate is reported, with the new reason", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, { atTheEnd: "raise" }, there)
    const ref = yield* Process.monitor(puppet.pid)
    yield* puppet.stop({ reason: ExitReason.normal })
    expect(yield* reasonOf(tester, ref)).toMatchObject({ _tag: "Died" })
    const lines = yield* logged(puppet.pid)
    expect(lines.length).toBe(1)
    expect(lines[0]).toMatchObject({ level: "Error", stack: true, error: "Error: terminate raises on purpose" })
  })

  scenario("LO11 a message nobody handles is reported, and the server goes on", function* () {
    const deaf = yield* GenServer.start(Deaf, {}, there)
    yield* Process.send(yield* earOf(deaf), "anything")
    yield* deaf.ping()
    const lines = yield* logged(deaf.pid)
    expect(lines.length).toBe(1)
    expect(lines[0]).toMatchObject({ level: "Warn", about: String(deaf.pid) })
    yield* Process.send(yield* earOf(deaf), "again")
    yield* deaf.ping()
    expect((yield* logged(deaf.pid)).length).toBe(2)
  })

  notApplicable("LO11 an agent", "Agent is not there yet")
  notApplicable("LO11 a supervisor", "its mailbox takes no plain messages: sending one is the sender's defect (SU48)")

  // A slow line takes a millisecond of the processor: there are fewer of them, for a machine that has little of it
  for (const [what, kind, crashes] of [
    ["throws", unloggable, 1000],
    ["is slow", slowToLog, 300]
  ] as const) {
    scenario(`LO12 a logger that ${what} changes nothing for those it writes about`, function* (tester) {
      const label = `${kind} ${system}`
      for (let round = 0; round < crashes; round++) {
        const puppet = yield* GenServer.start(Puppet, {}, { ...there, label })
        const ref = yield* Process.monitor(puppet.pid)
        yield* puppet.stop({ reason: boom })
        expect(yield* reasonOf(tester, ref), `${label}, round ${round}`).toEqual(boom)
      }
      // Other lines are written as before
      const puppet = yield* GenServer.start(Puppet, {}, there)
      const ref = yield* Process.monitor(puppet.pid)
      yield* puppet.stop({ reason: boom })
      yield* reasonOf(tester, ref)
      expect((yield* logged(puppet.pid)).length).toBe(1)
      expect((yield* logged(label)).length).toBe(kind === unloggable ? 0 : crashes)
      yield* expectNothing(tester)
    })
  }

  scenario(
    "LO12 a supervisor restarts its children before their crashes are logged, however slow that is",
    function* (tester) {
      const children = 50
      for (const kind of [unloggable, slowToLog]) {
        const label = `${kind} together ${system}`
        const ids = Array.from({ length: children }, (_, index) => `${label} ${index}`)
        const spec = Supervisor.supervisor(`LO12 ${kind}`, {
          strategy: "one-for-one",
          intensity: { restarts: children, within: "1 minute" },
          children: ids.map((id) => Supervisor.child(Phoenix, { to: tester.pid, label }, { id, on: there.on })),
          child: { on: there.on }
        })
        const supervisor = yield* Supervisor.start(spec)
        for (const _ of ids) expect(yield* tester.receive).toBe(0)
        // All of them fall at once: each crash is two lines, its own and its supervisor's
        const pids = (yield* Supervisor.whichChildren(supervisor)).map(({ pid }) => pid)
        for (const pid of pids) if (Process.isPid(pid)) yield* Phoenix.at(pid).fall()
        let written = 0
        for (const _ of ids) written = Math.max(written, Number(yield* tester.receive))
        // When the last one was back, most of it was still to be written
        expect(written, kind).toBeLessThan(children)
        expect((yield* Supervisor.countChildren(supervisor)).active).toBe(children)
        const restarts = (yield* Supervisor.whichChildren(supervisor)).map((child) => child.restarts)
        expect(restarts).toEqual(ids.map(() => 1))
        // It is written in the end, unless the logger throws
        expect((yield* logged(...ids)).length).toBe(kind === unloggable ? 0 : children * 2)
        yield* Supervisor.stop(supervisor)
      }
      yield* expectNothing(tester)
    }
  )
})
