/**
 * Random programs as data. A command names processes by numbers that mean something in any world, so that a program
 * stays a program when commands are taken out of it; a step is what a command means in one world.
 */
import fc from "fast-check"
import { living, type World } from "./Model.ts"

/** How many schedulers the programs are spread over. */
export const schedulers = 4
/** How many processes one program starts at most. */
export const maximumProcesses = 30

/** Exit reasons, as `ExitReason.format` writes them. */
export const reasons = ["normal", "shutdown", "shutdown: done", "failed: boom", "failed: bang", "kill"] as const
/** See {@link reasons}. */
export type Reason = (typeof reasons)[number]

/** The names that processes are registered under. */
export const names = ["ann", "bob", "cid"] as const

/** How a process is tied to the one that starts it. */
export type Tie = "none" | "link" | "monitor"

/** One step of a program. Processes and monitors are numbered in the order they come to be. */
export type Step =
  | { readonly _tag: "Spawn"; readonly by: number | undefined; readonly scheduler: number; readonly tie: Tie }
  | { readonly _tag: "Link" | "Unlink" | "Monitor" | "IsAlive"; readonly by: number; readonly to: number }
  | { readonly _tag: "MonitorName" | "Unregister" | "Whereis"; readonly by: number; readonly name: string }
  | { readonly _tag: "Register"; readonly by: number; readonly name: string; readonly to: number }
  | { readonly _tag: "Demonitor"; readonly by: number; readonly monitor: number; readonly flush: boolean }
  | { readonly _tag: "ExitSelf"; readonly by: number; readonly reason: Reason }
  | { readonly _tag: "SendExit"; readonly by: number; readonly to: number; readonly reason: Reason }
  | { readonly _tag: "TrapExit"; readonly by: number; readonly on: boolean }
  | { readonly _tag: "Send"; readonly by: number; readonly to: number; readonly value: number }
  | { readonly _tag: "Read" | "Flush"; readonly by: number }

/** What a generated program consists of: a step whose processes are not chosen yet. */
export interface Command {
  readonly kind: Step["_tag"]
  readonly by: number
  /** Even numbers choose among the living, odd ones among all there ever were. */
  readonly to: number
  readonly scheduler: number
  readonly tie: Tie
  readonly name: string
  readonly reason: Reason
  readonly on: boolean
}

const details = {
  by: fc.nat(maximumProcesses - 1),
  to: fc.nat(2 * maximumProcesses - 1),
  scheduler: fc.nat(schedulers - 1),
  tie: fc.constantFrom<Tie>("none", "link", "monitor"),
  name: fc.constantFrom(...names),
  reason: fc.constantFrom(...reasons),
  on: fc.boolean()
}

const weights: Readonly<Record<Step["_tag"], number>> = {
  Spawn: 5,
  Link: 8,
  Unlink: 5,
  Monitor: 5,
  MonitorName: 2,
  Demonitor: 4,
  ExitSelf: 2,
  SendExit: 4,
  TrapExit: 5,
  Register: 4,
  Unregister: 1,
  Whereis: 1,
  Send: 3,
  Read: 3,
  Flush: 1,
  IsAlive: 1
}

const commandOf = (kind: Step["_tag"]): fc.Arbitrary<Command> => fc.record({ kind: fc.constant(kind), ...details })

// The keys of `weights` are the kinds
const kinds = Object.keys(weights) as ReadonlyArray<Step["_tag"]>

const command = (left: ReadonlyArray<Step["_tag"]>): fc.Arbitrary<Command> =>
  fc.oneof(...left.map((kind) => ({ weight: weights[kind], arbitrary: commandOf(kind) })))

/** Programs: some processes to begin with, then anything. */
export const program: fc.Arbitrary<ReadonlyArray<Command>> = fc
  .tuple(
    fc.array(commandOf("Spawn"), { minLength: 1, maxLength: 16, size: "max" }),
    fc.array(command(kinds), { maxLength: 40, size: "max" })
  )
  .map(([first, rest]) => [...first, ...rest])

/** What comes before a burst: a few processes and their ties, all of which live, so that the burst is about them. */
export const setting: fc.Arbitrary<ReadonlyArray<Command>> = fc
  .tuple(
    fc.array(commandOf("Spawn"), { minLength: 2, maxLength: 5, size: "max" }),
    fc.array(command(["Link", "Monitor", "TrapExit", "Register"]), { maxLength: 8, size: "max" })
  )
  .map(([first, rest]) => [...first, ...rest])

const together = (left: ReadonlyArray<Step["_tag"]>): fc.Arbitrary<ReadonlyArray<Command>> =>
  fc.array(command(left), { minLength: 2, maxLength: 16, size: "max" })

/** What several processes are told to do at once: anything that changes no mailbox, or a quarrel over links. */
export const burst: fc.Arbitrary<ReadonlyArray<Command>> = fc.oneof(
  together(kinds.filter((kind) => kind !== "Spawn" && kind !== "Read" && kind !== "Flush" && kind !== "Demonitor")),
  together(["Link", "Unlink"]),
  together(["Link", "Unlink", "SendExit", "TrapExit"])
)

/** What a command means in a world; `undefined` when there is nobody to do it. `at` is its place in the program. */
export const resolve = (world: World, command: Command, at: number): Step | undefined => {
  const { kind, name, on, reason, scheduler, tie } = command
  const alive = living(world)
  const by = alive[command.by % Math.max(1, alive.length)]
  if (kind === "Spawn") {
    if (world.processes.length === maximumProcesses) return undefined
    return { _tag: kind, by, scheduler, tie: by === undefined ? "none" : tie }
  }
  if (by === undefined) return undefined
  const choice = Math.floor(command.to / 2)
  // There is one who lives, so neither list is empty
  const to = command.to % 2 === 0 ? alive[choice % alive.length]! : choice % world.processes.length
  switch (kind) {
    case "Link":
    case "Unlink":
    case "Monitor":
    case "IsAlive":
      return { _tag: kind, by, to }
    case "MonitorName":
    case "Unregister":
    case "Whereis":
      return { _tag: kind, by, name }
    case "Register":
      return { _tag: kind, by, name, to }
    case "Demonitor": {
      const own = world.monitors.flatMap((monitor, index) => (monitor.watcher === by ? [index] : []))
      const monitor = own[choice % Math.max(1, own.length)]
      return monitor === undefined ? undefined : { _tag: kind, by, monitor, flush: on }
    }
    case "ExitSelf":
      return { _tag: kind, by, reason }
    case "SendExit":
      return { _tag: kind, by, to, reason }
    case "TrapExit":
      return { _tag: kind, by, on }
    case "Send":
      return { _tag: kind, by, to, value: at }
    case "Read":
    case "Flush":
      return { _tag: kind, by }
  }
}

const p = (index: number | undefined): string => (index === undefined ? "the controller" : `p${index}`)

/** A step as a sentence. `next` is the number the next process gets. */
export const describe = (step: Step, next: { readonly process: number; readonly monitor: number }): string => {
  const by = p(step.by)
  switch (step._tag) {
    case "Spawn": {
      const tie = { none: "", link: " and links it", monitor: ` and monitors it (m${next.monitor})` }[step.tie]
      const where = step.tie === "monitor" ? "its own scheduler" : `scheduler ${step.scheduler}`
      return `${by} starts p${next.process} on ${where}${tie}`
    }
    case "Link":
      return `${by} links p${step.to}`
    case "Unlink":
      return `${by} unlinks p${step.to}`
    case "Monitor":
      return `${by} monitors p${step.to} (m${next.monitor})`
    case "IsAlive":
      return `${by} asks whether p${step.to} is alive`
    case "MonitorName":
      return `${by} monitors the name ${step.name} (m${next.monitor})`
    case "Unregister":
      return `${by} frees the name ${step.name}`
    case "Whereis":
      return `${by} asks who holds the name ${step.name}`
    case "Register":
      return `${by} gives p${step.to} the name ${step.name}`
    case "Demonitor":
      return `${by} demonitors m${step.monitor}${step.flush ? ", with flush" : ""}`
    case "ExitSelf":
      return `${by} exits "${step.reason}"`
    case "SendExit":
      return `${by} sends p${step.to} the exit signal "${step.reason}"`
    case "TrapExit":
      return `${by} ${step.on ? "traps exits" : "no longer traps exits"}`
    case "Send":
      return `${by} sends p${step.to} the word ${step.value}`
    case "Read":
      return `${by} reads its oldest message`
    case "Flush":
      return `${by} drops its messages`
  }
}
