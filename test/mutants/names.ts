/** Mutants of "Names" and "Schedulers that are lost". */
import type { Mutant } from "./Mutant.ts"

const system = "packages/core/src/system"
const directory = `${system}/names/Directory.ts`
const conformance = (area: string): ReadonlyArray<string> => [`test/conformance/${area}.test.ts`]

export const names: ReadonlyArray<Mutant> = [
  {
    name: "two-holders-of-a-name",
    promise: "N02",
    says: "A name belongs to at most one process of the whole system",
    file: directory,
    find: `    const holder = keys === "unique" ? this.tables.first(table, key) : undefined\n    if (holder !== undefined) {\n`,
    replace:
      "    const holder = value !== undefined ? this.tables.first(table, key) : undefined\n    if (holder !== undefined) {\n",
    tests: conformance("N"),
    title: "two virtual schedulers > N02"
  },
  {
    name: "two-names-of-a-process",
    promise: "N03",
    says: "a process has at most one name",
    file: directory,
    find: "    const name = this.nameOf(table, pid)\n",
    replace: `    const name = key === "" ? this.nameOf(table, pid) : undefined\n`,
    tests: conformance("N"),
    title: "two virtual schedulers > N03"
  },
  {
    name: "register-returns-too-early",
    promise: "N15",
    says: "When `register` has returned, every scheduler sees the name",
    file: directory,
    find: "    let alive = true\n    if (missing === 0) return then(true)\n",
    replace: `    let alive = true
    if (change === "add") {
      const told = then
      then = () => undefined
      told(true)
    }
    if (missing === 0) return then(true)
`,
    tests: ["packages/core/test/system/Directory.test.ts"],
    title: "N15"
  },
  {
    name: "name-outlives-its-holder",
    promise: "N07",
    says: "A process's names, and its entries in registries, are gone before its end can be observed",
    file: "packages/core/src/process/Lifecycle.ts",
    find: "  host.directory.release(pid)\n",
    replace: `  host.enqueue(() => host.directory.release(pid), "low")\n`,
    tests: conformance("N"),
    title: "one scheduler > N07"
  },
  {
    name: "release-stays-on-its-scheduler",
    promise: "MC13",
    says: "A process's names, and its entries in registries, are gone before its end can be observed",
    file: directory,
    find: `this.send(peer, "release", table, key, pid, undefined, 0)`,
    replace: "void peer",
    tests: conformance("MC"),
    title: "two virtual schedulers > MC13 a name is gone"
  },
  {
    name: "registry-keeps-entries-of-the-dead",
    promise: "RG07",
    says: "A process's names, and its entries in registries, are gone before its end can be observed",
    file: "packages/core/src/process/Lifecycle.ts",
    find: "  host.directory.release(pid)\n",
    replace: '  if (host.directory.held("", pid).length > 0) host.directory.release(pid)\n',
    tests: ["packages/registry/test/Registry.test.ts"],
    title: "RG07"
  },
  {
    name: "refused-server-stays-linked",
    promise: "N09",
    says: "Whoever starts a server under a name that is taken",
    file: "packages/core/src/behaviour/ServerLoop.ts",
    find: "    if (this.parent !== undefined) unlink(record, this.parent)\n",
    replace: "",
    tests: conformance("N"),
    title: "one scheduler > N09"
  },
  {
    name: "init-runs-under-a-taken-name",
    promise: "N09",
    says: "no `init` runs",
    file: "packages/core/src/behaviour/ServerLoop.ts",
    find: `      if (result?._tag === "Registered") this.initialise()\n`,
    replace: "      if (result !== undefined) this.initialise()\n",
    tests: ["packages/core/test/behaviour/GenServer.test.ts"],
    title: "N09"
  },
  {
    name: "restart-finds-its-own-name-taken",
    promise: "N18",
    says: "A supervised process that is restarted under its name",
    file: "packages/core/src/process/Lifecycle.ts",
    find: "  host.directory.release(pid)\n",
    replace: `  host.timers.set(50, () => host.directory.release(pid), "low")\n`,
    tests: conformance("N"),
    title: "one scheduler > N18"
  },
  {
    name: "name-resolved-once",
    promise: "T10",
    says: "A name is resolved each time it is used",
    file: "packages/core/src/process/Resolve.ts",
    find: "host.directory.whereis(address.table, address.key)",
    replace: `((address as { known?: Pid | undefined }).known ??= host.directory.whereis(address.table, address.key))`,
    tests: conformance("T"),
    title: "one scheduler > T10"
  },
  {
    name: "timer-remembers-the-first-holder",
    promise: "N17",
    says: "A name is resolved each time it is used",
    file: "packages/core/src/process/Resolve.ts",
    find: "host.directory.whereis(address.table, address.key)",
    replace: "undefined",
    tests: conformance("N"),
    title: "one scheduler > N17"
  },
  {
    name: "address-of-another-system",
    promise: "S58",
    says: "An address as text",
    file: "packages/core/src/address/SystemId.ts",
    find: "  if (text.slice(at + 1) !== system) return",
    replace: `  if (text.slice(at + 1) === "") return`,
    tests: ["test/conformance/addresses/Addresses.test.ts"],
    title: "S58 is refused in another one of this OS process"
  },
  {
    name: "empty-name",
    promise: "N04",
    says: "What is no name",
    file: "packages/core/src/base/NameCheck.ts",
    find: `typeof value === "string" && value !== ""`,
    replace: `typeof value === "string"`,
    tests: ["packages/core/test/Errors.test.ts"],
    title: "N04"
  },
  {
    name: "lost-scheduler-without-its-reason",
    promise: "MC07",
    says: "A lost scheduler is the end of every process on it",
    file: `${system}/mesh/Mesh.ts`,
    find: "    const reason = ExitReason.schedulerDown(slot)\n",
    replace: "    const reason = ExitReason.noProcess\n",
    tests: conformance("MC"),
    title: "two virtual schedulers > MC07"
  },
  {
    name: "call-to-a-lost-scheduler-waits",
    promise: "MC07",
    says: "each monitor, link and pending call on it is told exactly once",
    file: `${system}/mesh/Mesh.ts`,
    find: "if (call.slot === slot && !waiting.has(call)) call.down(reason)",
    replace: "if (call.slot < 0 && !waiting.has(call)) call.down(reason)",
    tests: conformance("MC"),
    title: "two virtual schedulers > MC07"
  },
  {
    name: "links-into-a-lost-scheduler-hold",
    promise: "MC08",
    says: "A lost scheduler is the end of every process on it",
    file: `${system}/mesh/Mesh.ts`,
    find: "if (lost(pid)) loseLink(record, pid, reason)",
    replace: "if (lost(pid) && record.trapExit) loseLink(record, pid, reason)",
    tests: conformance("MC"),
    title: "two virtual schedulers > MC08"
  },
  {
    name: "lost-scheduler-is-an-orderly-end",
    promise: "MC11",
    says: "Supervisors elsewhere treat that as an abnormal end",
    file: "packages/core/src/exit/ExitReason.ts",
    find: `reason._tag !== "Normal" && reason._tag !== "Shutdown"`,
    replace: `reason._tag !== "Normal" && reason._tag !== "Shutdown" && reason._tag !== "SchedulerDown"`,
    tests: conformance("MC.supervision"),
    title: "two virtual schedulers > MC08 a supervisor"
  },
  {
    name: "children-started-backwards",
    promise: "MC10",
    says: "A supervisor's order of starting, restarting and stopping",
    file: "packages/supervisor/src/SupervisorServer.ts",
    find: "    for (const child of children) {\n",
    replace: "    for (const child of [...children].reverse()) {\n",
    tests: conformance("MC.supervision"),
    title: "two virtual schedulers > MC10"
  },
  {
    name: "watchdog-ends-at-once",
    promise: "S21",
    says: "A scheduler that does not come back from a turn",
    file: `${system}/threads/Watchdog.ts`,
    find: "this.held >= this.limit * 2",
    replace: "this.held >= this.limit",
    tests: ["packages/core/test/system/Workers.test.ts"],
    title: "the watchdog's default limits > S21"
  },
  {
    name: "blocked-scheduler-unreported",
    promise: "S21",
    says: "is reported with the process that holds it",
    file: `${system}/threads/Workers.ts`,
    find: `    if (verdict === "blocked" || verdict === "over") this.blocked`,
    replace: `    if (verdict === "over") this.blocked`,
    tests: ["packages/core/test/system/Workers.test.ts"],
    title: "the watchdog's default limits > S21"
  },
  {
    name: "boot-without-a-limit",
    promise: "S24",
    says: "A scheduler that is not ready in time",
    file: `${system}/threads/Workers.ts`,
    find: `    if (verdict === "turning" || verdict === "held") return\n`,
    replace: `    if (verdict !== undefined) return\n`,
    tests: ["packages/core/test/system/Workers.test.ts"],
    title: "a worker that never becomes ready > S24"
  },
  {
    name: "joined-entry-blamed",
    promise: "S24",
    says: "Whether its entry has joined the system at all is told",
    file: `${system}/threads/Workers.ts`,
    find: "        running.joined = true\n",
    replace: "",
    tests: ["packages/core/test/system/BootErrors.test.ts"],
    title: "an entry that never joins > S24 is not what is told"
  },
  {
    name: "start-on-no-scheduler",
    promise: "S44",
    says: "A start on a scheduler that the system does not have",
    file: "packages/core/src/spawn/StartCheck.ts",
    find: "slot >= 0 && slot < host.slots",
    replace: "slot >= 0",
    tests: ["packages/core/test/Errors.test.ts"],
    title: "S44"
  },
  {
    name: "stolen-start-happens-twice",
    promise: "S20",
    says: `A start placed on \`"any"\` happens once`,
    file: `${system}/load/Stealing.ts`,
    find: "    this.waits = false\n",
    replace: "",
    tests: ["packages/core/test/system/Stealing.test.ts"],
    title: "S20 is taken over by an idle scheduler.*virtual"
  },
  {
    name: "second-request-aborts",
    promise: "S62",
    says: "A second request within a second is the same one",
    file: `${system}/threads/EndRequests.ts`,
    find: "now() - this.first >= sameRequest",
    replace: "now() - this.first >= 0",
    tests: ["packages/core/test/system/Signals.test.ts"],
    title: "S62 a request within a second"
  },
  {
    name: "impatient-request-unheard",
    promise: "S62",
    says: "a later one ends the OS process at once",
    file: `${system}/threads/EndRequests.ts`,
    find: "now() - this.first >= sameRequest",
    replace: "now() - this.first < 0",
    tests: ["packages/core/test/system/Signals.test.ts"],
    title: "S62 a request within a second"
  },
  {
    name: "oldest-trees-stop-first",
    promise: "S23",
    says: "A system that stops ends the processes of each of its schedulers in order",
    file: `${system}/threads/Drain.ts`,
    find: "tops.reverse()",
    replace: "tops",
    tests: ["packages/core/test/system/Stopping.test.ts"],
    title: "S23"
  },
  {
    name: "old-pid-addresses-a-new-process",
    promise: "MC17",
    says: "The slot is refilled with a new incarnation",
    file: `${system}/mesh/Mesh.ts`,
    find: "const first = this.table.reserveSerials(this.scheduler.slot)",
    replace: "const first = this.table.slots - this.table.slots",
    tests: conformance("MC"),
    title: "two virtual schedulers > MC17"
  }
]
