/**
 * OTP's signal rules as plain data and pure functions: what a step may answer, and the world after it. Catalogue areas P,
 * L, M and N. One step at a time, so nothing is ever underway here.
 */
import type { Step } from "./Program.ts"

/** What is found in a mailbox. */
export type Item =
  | { readonly _tag: "Word"; readonly value: number }
  | { readonly _tag: "Exit"; readonly from: number; readonly reason: string }
  | {
      readonly _tag: "Down"
      readonly monitor: number
      /** `undefined` when nobody held the name that was monitored. */
      readonly of: number | undefined
      readonly name: string | undefined
      readonly reason: string
    }

/** What one step put into a mailbox. Its senders are several, so nothing is said about the order within. */
export interface Batch {
  readonly step: number
  readonly items: ReadonlyArray<Item>
}

/** A process, living or dead. */
export interface Process {
  readonly scheduler: number
  /** Why it ended; `undefined` while it lives. */
  readonly reason: string | undefined
  readonly trapping: boolean
  readonly links: ReadonlySet<number>
  readonly mailbox: ReadonlyArray<Batch>
}

/** A monitor that was ever asked for. */
export interface Monitor {
  readonly watcher: number
  readonly of: number | undefined
  readonly name: string | undefined
  /** Whether it can still fire. */
  readonly set: boolean
}

/** All there is. */
export interface World {
  /** How many steps have been taken. */
  readonly steps: number
  readonly processes: ReadonlyArray<Process>
  readonly monitors: ReadonlyArray<Monitor>
  readonly names: ReadonlyMap<string, number>
}

/** Nobody is there yet. */
export const empty: World = { steps: 0, processes: [], monitors: [], names: new Map() }

/** The processes that live, oldest first. */
export const living = (world: World): ReadonlyArray<number> =>
  world.processes.flatMap((process, index) => (process.reason === undefined ? [index] : []))

/** Whether a process lives. */
export const isAlive = (world: World, index: number): boolean =>
  world.processes[index] !== undefined && world.processes[index].reason === undefined

/** The name a process holds. */
export const nameOf = (world: World, index: number): string | undefined => {
  for (const [name, holder] of world.names) if (holder === index) return name
  return undefined
}

/** How many messages wait for a process. */
export const waiting = (process: Process): number => process.mailbox.reduce((sum, batch) => sum + batch.items.length, 0)

/** An item as people read it. */
export const show = (item: Item): string => {
  switch (item._tag) {
    case "Word":
      return `word ${item.value}`
    case "Exit":
      return `Exit(p${item.from}, ${item.reason})`
    case "Down": {
      const of = item.of === undefined ? "nobody" : `p${item.of}`
      return `Down(${item.name === undefined ? of : `${of} as ${item.name}`}, ${item.reason}) of m${item.monitor}`
    }
  }
}

/** What a step may answer. */
export const answers = (world: World, step: Step): ReadonlyArray<string> => {
  switch (step._tag) {
    case "Spawn":
    case "Unlink":
    case "Monitor":
    case "MonitorName":
    case "Send":
      return ["done"]
    case "Link": {
      // Its own death may come before it has answered
      const fatal = !isAlive(world, step.to) && !processOf(world, step.by).trapping
      return fatal ? ["done", "ended"] : ["done"]
    }
    case "Demonitor":
      return [String(monitorOf(world, step.monitor).set)]
    case "ExitSelf":
      return ["ended"]
    case "SendExit": {
      if (step.to !== step.by) return ["done"]
      return [step.reason !== "kill" && processOf(world, step.by).trapping ? "done" : "ended"]
    }
    case "TrapExit":
      return [String(processOf(world, step.by).trapping)]
    case "Register": {
      const problems = problemsOf(world, step.name, step.to)
      return problems.length === 0 ? ["done"] : problems
    }
    case "Unregister":
      return [String(world.names.has(step.name))]
    case "Whereis": {
      const holder = world.names.get(step.name)
      return [holder === undefined ? "nobody" : `p${holder}`]
    }
    case "IsAlive":
      return [String(isAlive(world, step.to))]
    case "Read": {
      const oldest = processOf(world, step.by).mailbox[0]
      return oldest === undefined ? ["nothing"] : oldest.items.map(show)
    }
    case "Flush":
      return [String(waiting(processOf(world, step.by)))]
  }
}

/** Why a name cannot be registered: one of these is told. Catalogue N02 to N04. */
const problemsOf = (world: World, name: string, to: number): ReadonlyArray<string> => {
  const problems: Array<string> = []
  if (nameOf(world, to) !== undefined) problems.push("already-named")
  if (world.names.has(name)) problems.push("taken")
  if (!isAlive(world, to)) problems.push("not-alive")
  return problems
}

/** The world after a step that was answered with `answer`. */
export const after = (world: World, step: Step, answer: string): World => {
  const next = draftOf(world)
  perform(next, step, answer)
  return next
}

/** A copy that a step may change. Nobody else sees it before the step is over. */
interface Draft {
  readonly steps: number
  readonly processes: Array<Process>
  readonly monitors: Array<Monitor>
  readonly names: Map<string, number>
}

const draftOf = (world: World): Draft => ({
  steps: world.steps + 1,
  processes: [...world.processes],
  monitors: [...world.monitors],
  names: new Map(world.names)
})

const perform = (draft: Draft, step: Step, answer: string): void => {
  switch (step._tag) {
    case "Spawn": {
      const child = draft.processes.length
      const scheduler = step.tie === "monitor" ? processOf(draft, step.by ?? 0).scheduler : step.scheduler
      draft.processes.push({ scheduler, reason: undefined, trapping: false, links: new Set(), mailbox: [] })
      if (step.by === undefined) return
      if (step.tie === "link") join(draft, step.by, child)
      if (step.tie === "monitor") watch(draft, step.by, child, undefined)
      return
    }
    case "Link":
      if (step.by === step.to || processOf(draft, step.by).links.has(step.to)) return
      if (isAlive(draft, step.to)) return join(draft, step.by, step.to)
      return receiveExit(draft, step.by, step.to, "no process", true)
    case "Unlink":
      return part(draft, step.by, step.to)
    case "Monitor":
      return watch(draft, step.by, step.to, undefined)
    case "MonitorName":
      return watch(draft, step.by, draft.names.get(step.name), step.name)
    case "Demonitor": {
      const { monitor } = step
      const known = monitorOf(draft, monitor)
      draft.monitors[monitor] = { ...known, set: false }
      if (step.flush && !known.set) remove(draft, step.by, (item) => item._tag === "Down" && item.monitor === monitor)
      return
    }
    case "ExitSelf":
      return die(draft, step.by, step.reason)
    case "SendExit":
      return receiveExit(draft, step.to, step.by, step.reason, false)
    case "TrapExit":
      return change(draft, step.by, { trapping: step.on })
    case "Register":
      if (answer === "done") draft.names.set(step.name, step.to)
      return
    case "Unregister":
      draft.names.delete(step.name)
      return
    case "Send":
      return push(draft, step.to, { _tag: "Word", value: step.value })
    case "Read":
      return remove(draft, step.by, (item) => show(item) === answer)
    case "Flush":
      return change(draft, step.by, { mailbox: [] })
    case "Whereis":
    case "IsAlive":
      return
  }
}

/** An exit signal arrives. Catalogue P02 to P10, L01 to L04. */
const receiveExit = (draft: Draft, to: number, from: number, reason: string, link: boolean): void => {
  if (!isAlive(draft, to)) return
  if (reason === "kill" && !link) return die(draft, to, "killed")
  if (processOf(draft, to).trapping) return push(draft, to, { _tag: "Exit", from, reason })
  if (reason === "normal" && from !== to) return
  die(draft, to, reason)
}

/** A process ends: its name is free, then those it is linked to and those that watch it are told. */
const die = (draft: Draft, index: number, reason: string): void => {
  const { links } = processOf(draft, index)
  change(draft, index, { reason, links: new Set(), mailbox: [] })
  for (const [name, holder] of draft.names) if (holder === index) draft.names.delete(name)
  draft.monitors.forEach((monitor, number) => {
    if (!monitor.set || (monitor.watcher !== index && monitor.of !== index)) return
    draft.monitors[number] = { ...monitor, set: false }
    if (monitor.watcher === index) return
    push(draft, monitor.watcher, { _tag: "Down", monitor: number, of: index, name: monitor.name, reason })
  })
  for (const partner of links) {
    part(draft, index, partner)
    receiveExit(draft, partner, index, reason, true)
  }
}

const watch = (draft: Draft, watcher: number, of: number | undefined, name: string | undefined): void => {
  const set = of !== undefined && of !== watcher && isAlive(draft, of)
  const monitor = draft.monitors.push({ watcher, of, name, set }) - 1
  // Watching oneself means nothing; who is gone already is reported at once
  if (set || of === watcher) return
  push(draft, watcher, { _tag: "Down", monitor, of, name, reason: "no process" })
}

const join = (draft: Draft, a: number, b: number): void => {
  change(draft, a, { links: new Set(processOf(draft, a).links).add(b) })
  change(draft, b, { links: new Set(processOf(draft, b).links).add(a) })
}

const part = (draft: Draft, a: number, b: number): void => {
  change(draft, a, { links: without(processOf(draft, a).links, b) })
  change(draft, b, { links: without(processOf(draft, b).links, a) })
}

const without = (links: ReadonlySet<number>, one: number): ReadonlySet<number> =>
  new Set([...links].filter((link) => link !== one))

const push = (draft: Draft, to: number, item: Item): void => {
  if (!isAlive(draft, to)) return
  const { mailbox } = processOf(draft, to)
  const last = mailbox.at(-1)
  const joins = last !== undefined && last.step === draft.steps
  const items = joins ? [...last.items, item] : [item]
  change(draft, to, { mailbox: [...(joins ? mailbox.slice(0, -1) : mailbox), { step: draft.steps, items }] })
}

/** Takes the oldest item that matches out of a mailbox. */
const remove = (draft: Draft, of: number, matches: (item: Item) => boolean): void => {
  let found = false
  const mailbox = processOf(draft, of).mailbox.map((batch) => {
    const at = found ? -1 : batch.items.findIndex(matches)
    if (at < 0) return batch
    found = true
    return { ...batch, items: batch.items.toSpliced(at, 1) }
  })
  change(draft, of, { mailbox: mailbox.filter((batch) => batch.items.length > 0) })
}

const change = (draft: Draft, index: number, part: Partial<Process>): void => {
  draft.processes[index] = { ...processOf(draft, index), ...part }
}

const processOf = (world: Pick<World, "processes">, index: number): Process => {
  const process = world.processes[index]
  if (process === undefined) throw new RangeError(`there is no p${index}`)
  return process
}

const monitorOf = (world: Pick<World, "monitors">, index: number): Monitor => {
  const monitor = world.monitors[index]
  if (monitor === undefined) throw new RangeError(`there is no m${index}`)
  return monitor
}
