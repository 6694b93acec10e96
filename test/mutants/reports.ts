/** Mutants of "Reports", and of supervisors and registries. */
import type { Mutant } from "./Mutant.ts"

const supervisor = "packages/supervisor/src"
const events = "packages/core/src/system/events"
const conformance = (area: string): ReadonlyArray<string> => [`test/conformance/${area}.test.ts`]
const crashes = ["packages/core/test/system/CrashReports.test.ts"]
const restarting = ["packages/supervisor/test/restarting.test.ts"]
const dynamic = ["packages/supervisor/test/dynamic.test.ts"]
const registry = ["packages/registry/test/Registry.test.ts"]

export const reports: ReadonlyArray<Mutant> = [
  {
    name: "orderly-ends-reported",
    promise: "LO01",
    says: "An abnormal end by a process's own doing is logged once",
    file: "packages/core/src/process/Lifecycle.ts",
    find: "  if (decide(record, reason) && crash && ExitReason.isAbnormal(reason)) {\n",
    replace: "  if (decide(record, reason) && crash) {\n",
    tests: conformance("LO"),
    title: "one scheduler > LO01"
  },
  {
    name: "crash-reported-twice",
    promise: "LO01",
    says: "An abnormal end by a process's own doing is logged once",
    file: "packages/core/src/process/Lifecycle.ts",
    find: "    record.host.report(crashOf(record, reason, linkedTo(record)))\n",
    replace: `    record.host.report(crashOf(record, reason, linkedTo(record)))
    record.host.report(crashOf(record, reason, linkedTo(record)))
`,
    tests: conformance("LO"),
    title: "one scheduler > LO01"
  },
  {
    name: "exit-signal-reported-as-a-crash",
    promise: "LO04",
    says: "orderly ends, and ends by an exit signal, are not",
    file: "packages/core/src/program/RawProcess.ts",
    find: "Exit.isFailure(exit) && !ExitReason.isSignal(exit.cause)",
    replace: "Exit.isFailure(exit)",
    tests: conformance("LO"),
    title: "one scheduler > LO04"
  },
  {
    name: "report-without-its-state",
    promise: "S40",
    says: "Of a server it has the state",
    file: "packages/core/src/process/CrashReport.ts",
    find: "    state: shown?.state,\n",
    replace: "    state: undefined,\n",
    tests: crashes,
    title: "S40 has the state"
  },
  {
    name: "report-without-its-caller",
    promise: "S40",
    says: "who was calling",
    file: "packages/core/src/process/CrashReport.ts",
    find: "heard && last instanceof IncomingCall ? last.asker : undefined",
    replace: "undefined",
    tests: crashes,
    title: "S40 names who was calling"
  },
  {
    name: "shown-state-of-any-length",
    promise: "S40",
    says: "The state and the message are texts of at most 2,000 characters",
    file: "packages/core/src/base/Inspect.ts",
    find: "export const longestText = 2000",
    replace: "export const longestText = 20_000",
    tests: crashes,
    title: "S40 is as short"
  },
  {
    name: "secret-shown-without-a-hook",
    promise: "S41",
    says: "what has none is hidden",
    file: "packages/core/src/behaviour/Inspection.ts",
    find: "    if (hook === undefined) return hidden\n",
    replace: "    if (hook === undefined) return show(value)\n",
    tests: crashes,
    title: "S41"
  },
  {
    name: "secret-shown-by-a-hook-that-throws",
    promise: "S41",
    says: "a hook that throws hides what it was given",
    file: "packages/core/src/behaviour/Inspection.ts",
    find: "      return show(hook(value as never))\n    } catch (error) {\n",
    replace:
      "      return show(hook(value as never))\n    } catch (error) {\n      if (error !== hook) return show(value)\n",
    tests: crashes,
    title: "S41"
  },
  {
    name: "ended-child-unreported",
    promise: "LO06",
    says: "A supervisor's report says what happened to which child",
    file: `${supervisor}/SupervisorServer.ts`,
    find: `  if (restart === "permanent" || abnormal) report(state, "child-terminated", child.spec, pid, reason)\n`,
    replace: `  if (restart === "permanent") report(state, "child-terminated", child.spec, pid, reason)\n`,
    tests: conformance("LO"),
    title: "one scheduler > LO06"
  },
  {
    name: "given-up-without-a-count",
    promise: "SU21",
    says: "One that gives up says which intensity",
    file: `${supervisor}/Reporting.ts`,
    find: "{ ...limits, of })",
    replace: "{ ...limits, of: [] })",
    tests: ["packages/supervisor/test/reports.test.ts"],
    title: "SU21"
  },
  {
    name: "started-child-unreported",
    promise: "S42",
    says: "Each child that a supervisor has started is an event",
    file: `${supervisor}/SupervisorServer.ts`,
    find: "  reportStarted(state, child.spec, pid, again)\n",
    replace: "  if (again) reportStarted(state, child.spec, pid, again)\n",
    tests: ["packages/supervisor/test/reports.test.ts"],
    title: "S42"
  },
  {
    name: "unhandled-message-unreported",
    promise: "LO11",
    says: "A message that nobody handles is logged",
    file: "packages/core/src/behaviour/ServerLoop.ts",
    find: `    host.report({ _tag: "UnexpectedMessage", pid, label, received })\n`,
    replace: '    if (host === undefined) host.report({ _tag: "UnexpectedMessage", pid, label, received })\n',
    tests: conformance("LO"),
    title: "one scheduler > LO11"
  },
  {
    name: "events-stay-on-their-scheduler",
    promise: "S22",
    says: "An event on any scheduler is told to listeners on every scheduler",
    file: `${events}/Events.ts`,
    find: "      if (slot !== scheduler.slot && table.listeners(slot) > 0) this.send(slot, event)\n",
    replace: "      if (slot !== scheduler.slot && table.listeners(slot) < 0) this.send(slot, event)\n",
    tests: ["packages/core/test/system/Events.test.ts"],
    title: "S22"
  },
  {
    name: "lost-events-uncounted",
    promise: "S22",
    says: "one that is too slow loses the oldest and is told how many",
    file: `${events}/Events.ts`,
    find: "      this.miss(this.events.shift())\n",
    replace: "      this.events.shift()\n",
    tests: ["packages/core/test/system/Events.test.ts"],
    title: "S22"
  },
  {
    name: "showing-runs-getters",
    promise: "S40",
    says: "Shown values are cut texts",
    file: "packages/core/src/base/Inspect.ts",
    find: `    else this.write("[Getter]")\n`,
    replace: `    else this.value(property.get?.(), depth + 1)\n`,
    tests: [...crashes, "packages/core/test/process/Inspect.test.ts"],
    title: "S40 is as short|made without a getter"
  },
  {
    name: "logger-runs-in-the-process",
    promise: "LO12",
    says: "A logger that throws or is slow changes nothing",
    file: `${events}/Events.ts`,
    find: '      scheduler.enqueue(() => void Effect.runForkWith(scheduler.context)(logEvent(event)), "low")\n',
    replace: "      Effect.runSyncWith(scheduler.context)(logEvent(event))\n",
    tests: conformance("LO"),
    title: "one scheduler > LO12"
  },
  {
    name: "restart-uncounted",
    promise: "SU21",
    file: `${supervisor}/Intensity.ts`,
    find: "    return this.times.length - this.first <= restarts\n",
    replace: "    return this.times.length - this.first <= restarts + 1\n",
    tests: restarting,
    title: "SU21 exactly"
  },
  {
    name: "old-restarts-count",
    promise: "SU21",
    file: `${supervisor}/Intensity.ts`,
    find: "    while (now > (times[this.first] ?? now) + within) this.first++\n",
    replace: "    while (now > (times[this.first] ?? now) + within * 1000) this.first++\n",
    tests: restarting,
    title: "SU21 restarts that are long ago"
  },
  {
    name: "failed-restart-uncounted",
    promise: "SU26",
    file: `${supervisor}/SupervisorServer.ts`,
    find: "      return child?.restarting === true ? restartChild(state, child) : state\n",
    replace: `      return child?.restarting === true
        ? Effect.flatMap(restartWithSiblings(state, child), (failure) =>
            failure === undefined
              ? Effect.succeed(state)
              : Effect.as(state.self.retry({ id: failure.child.spec.id }), state)
          )
        : state
`,
    tests: restarting,
    title: "SU26"
  },
  {
    name: "transient-child-always-restarted",
    promise: "SU13",
    file: `${supervisor}/SupervisorServer.ts`,
    find: `(restart === "transient" && abnormal)) return restartChild(state, child)`,
    replace: `restart === "transient") return restartChild(state, child)`,
    tests: restarting,
    title: "SU13"
  },
  {
    name: "siblings-stopped-in-order",
    promise: "SU16",
    file: `${supervisor}/SupervisorServer.ts`,
    find: "    for (let at = children.length - 1; at >= 0; at--) {\n",
    replace: "    for (let at = 0; at < children.length; at++) {\n",
    tests: restarting,
    title: "SU16"
  },
  {
    name: "rest-for-one-restarts-all",
    promise: "SU17",
    file: `${supervisor}/Children.ts`,
    find: "    return all.slice(all.indexOf(child))\n",
    replace: "    return all.slice(Math.min(0, all.indexOf(child)))\n",
    tests: restarting,
    title: "SU17"
  },
  {
    name: "significant-child-ends-nobody",
    promise: "SU54",
    file: `${supervisor}/SupervisorServer.ts`,
    find: `  if (state.autoShutdown === "any-significant") return true\n`,
    replace: "",
    tests: restarting,
    title: "SU54"
  },
  {
    name: "one-child-too-many",
    promise: "DS06",
    file: `${supervisor}/DynamicServer.ts`,
    find: "  if (children.size >= maxChildren)\n",
    replace: "  if (children.size > maxChildren)\n",
    tests: dynamic,
    title: "DS06"
  },
  {
    name: "children-stopped-one-after-the-other",
    promise: "DS13",
    file: `${supervisor}/DynamicServer.ts`,
    find: "  terminate: (state) => stopConcurrently(state, [...state.children.values()])\n",
    replace: `  terminate: (state) =>
    Effect.forEach([...state.children.values()], (child) => stopConcurrently(state, [child]), { discard: true })
`,
    tests: dynamic,
    title: "DS13"
  },
  {
    name: "child-that-is-patient-lives",
    promise: "LO06",
    file: `${supervisor}/Stopping.ts`,
    find: "        for (const pid of next?.pids ?? []) yield* signal(pid, ExitReason.kill)\n",
    replace: "        for (const pid of next?.pids ?? []) yield* signal(pid, ExitReason.shutdown)\n",
    tests: conformance("LO"),
    title: "one scheduler > LO06 a supervisor reports a child that had to be killed"
  },
  {
    name: "key-of-two-processes",
    promise: "RG01",
    file: "packages/core/src/system/names/NameTables.ts",
    find: "      if (unique) return firstOf(there)\n",
    replace: "",
    tests: registry,
    title: "RG01"
  },
  {
    name: "registry-forgets-one-entry-only",
    promise: "RG06",
    file: "packages/core/src/system/names/Directory.ts",
    find: "    for (const { key, table } of this.tables.allHeld(pid)) {\n",
    replace: "    for (const { key, table } of this.tables.allHeld(pid).slice(0, 1)) {\n",
    tests: registry,
    title: "RG06"
  }
]
