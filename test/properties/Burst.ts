/**
 * Several processes told to do several things at once, and nobody waits for anybody. Which order things happen in is not
 * known then, so the outcome is held against what every order has in common.
 */
import type { ExitReason } from "@understudy/core"
import { type Item, isAlive, living, show, type World } from "./Model.ts"
import { names, type Step } from "./Program.ts"

/** A process as it was found when everything had come to rest. */
export interface Found {
  /** Why it ended, once for each report; empty while it lives. */
  readonly ends: ReadonlyArray<string>
  readonly alive: boolean
  readonly links: ReadonlyArray<number>
  readonly monitors: ReadonlyArray<number>
  readonly monitoredBy: ReadonlyArray<number>
  readonly mailbox: ReadonlyArray<Item>
  readonly name: string | undefined
}

/** A step of the burst, and what it answered. */
export interface Act {
  readonly step: Step
  readonly answer: string | undefined
  /** The number of the monitor it made, if it made one. */
  readonly monitor: number | undefined
}

/** What the whole burst came to. */
export interface Outcome {
  /** The world before it. */
  readonly before: World
  readonly acts: ReadonlyArray<Act>
  readonly found: ReadonlyArray<Found>
  /** Who holds each name, as each scheduler sees it. */
  readonly holders: ReadonlyMap<string, ReadonlyArray<number | undefined>>
}

/** A reason, as `ExitReason.format` writes it. See {@link ExitReason}. */
type ReasonText = ReturnType<typeof ExitReason.format>

/** Everything about an outcome that no order of the steps explains, in words. */
export function* unexplained(outcome: Outcome): Generator<string> {
  yield* ends(outcome)
  yield* links(outcome)
  yield* monitors(outcome)
  yield* exits(outcome)
  yield* words(outcome)
  yield* holdings(outcome)
}

const found = (outcome: Outcome, index: number): Found => {
  const one = outcome.found[index]
  if (one === undefined) throw new RangeError(`there is no p${index}`)
  return one
}

/** What a step answers whose process ended in it: it may have been done by then, or not. */
const cutOff = "ended"

/** The steps of one kind that were begun: done, or cut off by their process's end. */
const begun = <Tag extends Step["_tag"]>(outcome: Outcome, tag: Tag): ReadonlyArray<Step & { readonly _tag: Tag }> =>
  // The tag was looked at
  outcome.acts.filter((act) => act.answer !== undefined && act.step._tag === tag).map((act) => act.step) as never

/** Those of them that were done. */
const done = <Tag extends Step["_tag"]>(outcome: Outcome, tag: Tag): ReadonlyArray<Step & { readonly _tag: Tag }> => {
  const cut = new Set(outcome.acts.filter((act) => act.answer === cutOff).map((act) => act.step))
  return begun(outcome, tag).filter((step) => !cut.has(step))
}

const wasDead = (outcome: Outcome, index: number): boolean => !isAlive(outcome.before, index)

/** Whether two processes were linked at some time. */
const everLinked = (outcome: Outcome, a: number, b: number): boolean =>
  outcome.before.processes[a]?.links.has(b) === true ||
  begun(outcome, "Link").some(({ by, to }) => (by === a && to === b) || (by === b && to === a))

/** Whether two processes were linked all the time: before, and nobody unlinked them. */
const alwaysLinked = (outcome: Outcome, a: number, b: number): boolean =>
  outcome.before.processes[a]?.links.has(b) === true &&
  !begun(outcome, "Unlink").some(({ by, to }) => (by === a && to === b) || (by === b && to === a))

/** Whether a process trapped exits all the time, or never, or some of it. */
const trapping = (outcome: Outcome, index: number): "always" | "never" | "sometimes" => {
  const before = outcome.before.processes[index]?.trapping === true
  const later = begun(outcome, "TrapExit").filter((step) => step.by === index)
  if (later.every((step) => step.on === before)) return before ? "always" : "never"
  return "sometimes"
}

/** Who ended, ended once, for a cause; and who had to end did. Catalogue P02 to P10, L01 to L04. */
function* ends(outcome: Outcome): Generator<string> {
  for (const [index, { alive, ends }] of outcome.found.entries()) {
    if (wasDead(outcome, index)) continue
    if (alive) {
      if (ends.length > 0) yield `p${index} lives, and its end was reported: ${ends.join(" and ")}`
      const cause = mustEnd(outcome, index)
      if (cause !== undefined) yield `p${index} lives, though ${cause}`
    } else if (ends.length !== 1) yield `the end of p${index} was reported ${ends.length} times: ${ends.join(" and ")}`
    else if (!hasCause(outcome, index, ends[0] ?? "")) yield `p${index} ended with ${ends[0]}, for no cause`
  }
}

const mustEnd = (outcome: Outcome, index: number): string | undefined => {
  if (begun(outcome, "ExitSelf").some((step) => step.by === index)) return "it exited"
  const signals = done(outcome, "SendExit").filter((step) => step.to === index)
  if (signals.some((step) => step.reason === "kill")) return "it was killed"
  if (trapping(outcome, index) !== "never") return undefined
  const fatal = signals.find((step) => step.reason !== "normal")
  if (fatal !== undefined) return `it never trapped exits and got the signal ${fatal.reason}`
  const partner = outcome.found.findIndex(
    (other, at) =>
      !wasDead(outcome, at) && alwaysLinked(outcome, index, at) && ends0(other) !== "normal" && !other.alive
  )
  if (partner >= 0) return `it never trapped exits, and its link p${partner} ended`
  const dead = done(outcome, "Link").find((step) => step.by === index && wasDead(outcome, step.to))
  return dead === undefined ? undefined : `it never trapped exits and linked p${dead.to}, which was dead`
}

const ends0 = (one: Found): ReasonText => one.ends[0] ?? ""

const hasCause = (outcome: Outcome, index: number, reason: ReasonText): boolean => {
  if (begun(outcome, "ExitSelf").some((step) => step.by === index && step.reason === reason)) return true
  const signals = begun(outcome, "SendExit").filter((step) => step.to === index)
  if (signals.some((step) => (step.reason === "kill" ? "killed" : step.reason) === reason)) {
    if (reason !== "normal" || signals.some((step) => step.by === index)) return true
  }
  if (trapping(outcome, index) === "always") return false
  if (reason === "normal") return false
  const linked = outcome.found.some((other, at) => everLinked(outcome, index, at) && ends0(other) === reason)
  const gone = (step: { readonly by: number; readonly to: number }) =>
    step.by === index && !found(outcome, step.to).alive
  return linked || (reason === "no process" && begun(outcome, "Link").some(gone))
}

/** Links are mutual, and only the living have them. Catalogue L01, L06, L13. */
function* links(outcome: Outcome): Generator<string> {
  for (const [index, { alive, links }] of outcome.found.entries()) {
    if (!alive) continue
    for (const partner of links) {
      const other = outcome.found[partner]
      if (other?.alive !== true) yield `p${index} is linked to p${partner}, which is dead`
      else if (!other.links.includes(index))
        yield `p${index} is linked to p${partner}, and p${partner} is not to p${index}`
      if (!everLinked(outcome, index, partner)) yield `p${index} is linked to p${partner}, and nobody linked them`
    }
    if (new Set(links).size < links.length) yield `p${index} has a link twice: ${links}`
    for (const [partner, other] of outcome.found.entries()) {
      if (!other.alive || !alwaysLinked(outcome, index, partner) || links.includes(partner)) continue
      yield `p${index} has lost its link to p${partner}`
    }
  }
}

/** A monitor fires once when the process ends, with its reason; else it stands on both sides. Catalogue M02 to M06. */
function* monitors(outcome: Outcome): Generator<string> {
  const standing = new Map<string, number>()
  const stand = (watcher: number, of: number) =>
    standing.set(`${watcher} ${of}`, (standing.get(`${watcher} ${of}`) ?? 0) + 1)
  for (const { late, monitor, name, of, watcher } of allMonitors(outcome)) {
    const one = found(outcome, watcher)
    if (!one.alive) continue
    const downs = one.mailbox.filter((item) => item._tag === "Down" && item.monitor === monitor)
    const down = downs[0]
    if (downs.length > 1) yield `p${watcher} got ${downs.map(show).join(" and ")}`
    if (name !== undefined) continue
    if (of === watcher) {
      if (down !== undefined) yield `p${watcher} got ${show(down)}, and lives`
    } else if (found(outcome, of ?? 0).alive) {
      if (down !== undefined) yield `p${watcher} got ${show(down)}, and p${of} lives`
      stand(watcher, of ?? 0)
    } else if (down?._tag !== "Down") yield `p${watcher} got no Down of p${of} (m${monitor})`
    else if (down.reason !== ends0(found(outcome, of ?? 0)) && !(late && down.reason === "no process")) {
      yield `p${watcher} got ${show(down)}, and p${of} ended with ${ends0(found(outcome, of ?? 0))}`
    }
  }
  if ([...allMonitors(outcome)].some((monitor) => monitor.name !== undefined)) return
  for (const [a, watcher] of outcome.found.entries()) {
    if (!watcher.alive) continue
    for (const b of outcome.found.keys()) {
      const should = standing.get(`${a} ${b}`) ?? 0
      const is = watcher.monitors.filter((of) => of === b).length
      if (is !== should) yield `p${a} has ${is} monitors on p${b} instead of ${should}`
      const other = found(outcome, b)
      const known = other.monitoredBy.filter((by) => by === a).length
      if (other.alive && known !== should) yield `p${b} knows of ${known} monitors of p${a} instead of ${should}`
    }
  }
}

/** Those that stood before, and those that were made in the burst, which may have come late. */
function* allMonitors(outcome: Outcome) {
  for (const [monitor, known] of outcome.before.monitors.entries())
    if (known.set) yield { ...known, monitor, late: false }
  for (const { monitor, step } of outcome.acts) {
    if (monitor === undefined) continue
    if (step._tag === "Monitor") yield { monitor, watcher: step.by, of: step.to, name: undefined, late: true }
    if (step._tag === "MonitorName") yield { monitor, watcher: step.by, of: undefined, name: step.name, late: true }
  }
}

/** Who traps exits gets one for each link that breaks and each signal that is sent. Catalogue L04, L06, L18. */
function* exits(outcome: Outcome): Generator<string> {
  for (const [index, one] of outcome.found.entries()) {
    if (!one.alive) continue
    const mode = trapping(outcome, index)
    for (const [from, other] of outcome.found.entries()) {
      const got = one.mailbox.filter((item) => item._tag === "Exit" && item.from === from)
      const old = outcome.before.processes[index]?.mailbox.flatMap((batch) => batch.items) ?? []
      const before = old.filter((item) => item._tag === "Exit" && item.from === from).length
      const signals = (of: typeof done) =>
        of(outcome, "SendExit").filter((step) => step.by === from && step.to === index).length
      const attempts = begun(outcome, "Link").filter((step) => step.by === index && step.to === from).length
      const broken = !other.alive && !wasDead(outcome, from) && everLinked(outcome, index, from) ? 1 : 0
      // Each attempt to link a dead one is told; the break of a link is told once
      const most = before + (mode === "never" ? 0 : signals(begun) + broken + (other.alive ? 0 : attempts))
      const least = before + (mode === "always" ? signals(done) + (alwaysLinked(outcome, index, from) ? broken : 0) : 0)
      if (got.length > most) yield `p${index} got ${got.map(show).join(" and ")}, ${most} at most`
      if (got.length < least)
        yield `p${index} got ${got.map(show).join(" and ") || "no Exit"} of p${from}, ${least} at least`
    }
  }
}

/** Words of one sender arrive in their order, and all of them. Catalogue R, M18. */
function* words(outcome: Outcome): Generator<string> {
  for (const [index, one] of outcome.found.entries()) {
    if (!one.alive) continue
    const got = one.mailbox.flatMap((item) => (item._tag === "Word" ? [item.value] : []))
    const old = outcome.before.processes[index]?.mailbox.flatMap((batch) => batch.items) ?? []
    const kept = old.flatMap((item) => (item._tag === "Word" ? [item.value] : []))
    const sent = (of: typeof done, by: number) =>
      of(outcome, "Send")
        .filter((step) => step.to === index && step.by === by)
        .map((step) => step.value)
    for (const by of living(outcome.before)) {
      const most = sent(begun, by)
      const least = sent(done, by)
      const arrived = got.filter((value) => most.includes(value) && !kept.includes(value))
      // Only the last can be cut off
      if (arrived.join() !== most.join() && arrived.join() !== least.join())
        yield `p${by} sent p${index} the words ${most.join(", ")}; it got ${arrived.join(", ") || "none"}`
    }
    const words = living(outcome.before).flatMap((by) => sent(begun, by))
    const invented = got.filter((value) => !kept.includes(value) && !words.includes(value))
    if (invented.length > 0) yield `p${index} got the words ${invented.join(", ")}, which nobody sent`
    const lost = kept.filter((value) => !got.includes(value))
    if (lost.length > 0) yield `p${index} has lost the words ${lost.join(", ")}`
  }
}

/** All schedulers agree on who has a name, and that one lives. Catalogue N02, N03, N07. */
function* holdings(outcome: Outcome): Generator<string> {
  for (const name of names) {
    const holders = outcome.holders.get(name) ?? []
    const holder = holders[0]
    if (holders.some((other) => other !== holder)) {
      yield `the schedulers say of the name ${name}: ${holders.map((one) => (one === undefined ? "nobody" : `p${one}`)).join(", ")}`
    } else if (holder !== undefined && outcome.found[holder]?.alive !== true) {
      yield `p${holder} has the name ${name}, and is dead`
    }
  }
}
