/**
 * Linearisability: whether the operations of a concurrent history could have happened one after the other, each at some instant
 * between its call and its return, with the answers that were seen. Wing and Gong's search ("Testing and verifying concurrent objects",
 * 1993) with Lowe's memo ("Testing for linearizability", 2017): a set of placed operations and the state they lead to are looked at once.
 *
 * The problem is NP-complete, so the search has a budget. When that is used up the verdict is "unknown", which is no failure.
 */

import * as Equal from "effect/Equal"
import * as Hash from "effect/Hash"

/**
 * What is known of an operation.
 *
 * - `answered`: it happened between its call and its return, with this output.
 * - `pending`: nobody knows what became of it: its caller was killed, its time ran out, or the callee ended. It may have happened
 *   at any time after its call, with any output, or never.
 * - `sent`: a cast. It happens at some time after its call, and before anything that its client asks for afterwards.
 */
export type Knowledge = "answered" | "pending" | "sent"

/** One operation of a history. */
export interface Operation<Input, Output> {
  /** Who called: clients have numbers, operations of one client do not overlap unless they are pending or sent. */
  readonly client: number
  readonly input: Input
  readonly known: Knowledge
  /** Any clock that all clients share. A call and a return at the same time count as overlapping. */
  readonly calledAt: number
  /** Of an answered operation; ignored for others. */
  readonly returnedAt?: number | undefined
  /** Of an answered operation; ignored for others. */
  readonly output?: Output | undefined
}

/** An output that was seen. `undefined` in its place: the operation has not been answered, any output will do. */
export interface Seen<Output> {
  readonly output: Output
}

/** What the next state is cannot be said without the output: see {@link Specification.step}. */
export const undetermined: unique symbol = Symbol.for("@understudy/testing/undetermined")

/** What the operations should do when they happen one after the other. */
export interface Specification<State, Input, Output> {
  readonly init: State
  /**
   * The states after an operation that happens in `state`; several when the specification leaves a choice, none when the operation
   * cannot happen here with the output that was seen. Must not change `state`. {@link undetermined}: it cannot be told without an
   * output; the verdict can then be "unknown" but not a failure.
   */
  readonly step: (
    state: State,
    input: Input,
    seen: Seen<Output> | undefined
  ) => ReadonlyArray<State> | typeof undetermined
  /** Operations of different keys do not affect each other and are checked apart. Default: one key for all. */
  readonly partition?: ((input: Input) => unknown) | undefined
  /** When two states are the same. Default: Effect's `Equal.equals`, which compares plain data by its content. */
  readonly equals?: ((a: State, b: State) => boolean) | undefined
  /** Equal states have equal hashes. Default: Effect's `Hash.hash`; 0 for all when `equals` is given. */
  readonly hash?: ((state: State) => number) | undefined
}

/** There is an order that explains the history. */
export interface Linearisable<Input, Output> {
  readonly _tag: "Linearisable"
  /** For each key, one such order. Pending and sent operations that are not needed for it are not in it. */
  readonly orders: ReadonlyArray<ReadonlyArray<Operation<Input, Output>>>
  /** How many pairs of placed operations and state were looked at. */
  readonly nodes: number
}

/** No order explains the history. */
export interface NotLinearisable<State, Input, Output> {
  readonly _tag: "NotLinearisable"
  /** The operations of one key, up to the return of {@link culprit}; those that had not returned by then are pending in it. */
  readonly prefix: ReadonlyArray<Operation<Input, Output>>
  /** Whether no shorter prefix fails. False when the budget was used up while looking for one. */
  readonly shortest: boolean
  /** The operation whose return cannot be explained. */
  readonly culprit: Operation<Input, Output>
  /** The longest order of operations of the prefix that the specification allows. */
  readonly order: ReadonlyArray<Operation<Input, Output>>
  /** The state that this order leads to. */
  readonly state: State
  /** The key of the operations, when there is a partition. */
  readonly key: unknown
  readonly nodes: number
}

/** The budget was used up, or an unanswered operation's effect could not be told. */
export interface Unknown {
  readonly _tag: "Unknown"
  readonly reason: "budget" | "undetermined"
  readonly nodes: number
}

/** What a check comes to. */
export type Verdict<State, Input, Output> =
  | Linearisable<Input, Output>
  | NotLinearisable<State, Input, Output>
  | Unknown

/** How a check is made. */
export interface CheckOptions {
  /** How many pairs of placed operations and state one search may look at. Default 100,000. */
  readonly budget?: number | undefined
}

/** The budget of a search when none is given. */
export const defaultBudget = 100_000

/**
 * Whether a history is linearisable. Keys are checked apart; the first that is not linearisable is the verdict. Throws a RangeError
 * when an operation returns before it is called, is answered without a time, or when the budget is not a whole number from 1 on.
 */
export const check = <State, Input, Output>(
  specification: Specification<State, Input, Output>,
  history: ReadonlyArray<Operation<Input, Output>>,
  options: CheckOptions = {}
): Verdict<State, Input, Output> => {
  const { budget = defaultBudget } = options
  if (!(budget === Number.POSITIVE_INFINITY || (Number.isInteger(budget) && budget > 0))) {
    throw new RangeError(`Linearize.check: budget: expected a whole number from 1 on, or Infinity; got ${budget}`)
  }
  for (const operation of history) validate(operation)
  const orders: Array<ReadonlyArray<Operation<Input, Output>>> = []
  let nodes = 0
  let unknown: Unknown["reason"] | undefined
  for (const { key, operations } of partitions(specification, history)) {
    const found = search(specification, operations, budget)
    nodes += found.nodes
    if (found._tag === "Order") orders.push(found.order)
    else if (found._tag === "None") return { ...explain(specification, operations, budget, found), key, nodes }
    else unknown ??= found.reason
  }
  return unknown === undefined ? { _tag: "Linearisable", orders, nodes } : { _tag: "Unknown", reason: unknown, nodes }
}

const validate = ({ calledAt, client, known, returnedAt }: Operation<unknown, unknown>): void => {
  const isTime = (time: unknown) => typeof time === "number" && !Number.isNaN(time)
  const bad = (problem: string) => new RangeError(`Linearize.check: an operation of client ${client} ${problem}`)
  if (!isTime(calledAt)) throw bad(`has no time of its call; got ${calledAt}`)
  if (known !== "answered") return
  if (!isTime(returnedAt)) throw bad(`is answered, but has no time of its return; got ${returnedAt}`)
  if (Number(returnedAt) < calledAt) throw bad(`returns at ${returnedAt}, before its call at ${calledAt}`)
}

interface Partition<Input, Output> {
  readonly key: unknown
  readonly operations: Array<Operation<Input, Output>>
}

const partitions = <State, Input, Output>(
  { partition }: Specification<State, Input, Output>,
  history: ReadonlyArray<Operation<Input, Output>>
): ReadonlyArray<Partition<Input, Output>> => {
  if (partition === undefined) return [{ key: undefined, operations: [...history] }]
  const found: Array<Partition<Input, Output>> = []
  for (const operation of history) {
    const key = partition(operation.input)
    const known = found.find((one) => Equal.equals(one.key, key))
    if (known === undefined) found.push({ key, operations: [operation] })
    else known.operations.push(operation)
  }
  return found
}

// --- the search ------------------------------------------------------------------------------------------------------

type Found<State, Input, Output> =
  | { readonly _tag: "Order"; readonly order: ReadonlyArray<Operation<Input, Output>>; readonly nodes: number }
  | {
      readonly _tag: "None"
      readonly longest: ReadonlyArray<Operation<Input, Output>>
      readonly state: State
      readonly nodes: number
    }
  | { readonly _tag: "GaveUp"; readonly reason: Unknown["reason"]; readonly nodes: number }

/** One placed operation, and what is to be restored when it is taken back. */
interface Placed<State> {
  readonly entry: number
  /** The states to choose from, and which was taken. */
  readonly states: ReadonlyArray<State>
  readonly choice: number
  readonly state: State
  readonly done: bigint
}

/** Entry 0 is the list's head and its end. */
const end = 0

/** Calls and returns in the order of their times, as a list from which placed operations are taken out. */
class Events {
  readonly next: Array<number> = []
  private readonly previous: Array<number> = []
  /** By entry: the operation's number; that of a return is below zero. */
  readonly operation: Array<number> = [0]
  /** By operation: the entry of its return, or 0. */
  private readonly returns: Array<number> = []

  constructor(history: ReadonlyArray<Operation<unknown, unknown>>) {
    const events = history.flatMap(({ calledAt, known, returnedAt }, index) => {
      const called = { at: calledAt, index, isReturn: 0 }
      return known === "answered" ? [called, { at: Number(returnedAt), index, isReturn: 1 }] : [called]
    })
    events.sort((a, b) => a.at - b.at || a.isReturn - b.isReturn)
    for (const { index, isReturn } of events) {
      if (isReturn === 1) this.returns[index] = this.operation.length
      this.operation.push(isReturn === 1 ? ~index : index)
    }
    const { length } = this.operation
    for (let entry = 0; entry < length; entry++) {
      this.next.push((entry + 1) % length)
      this.previous.push((entry + length - 1) % length)
    }
  }

  /** The operation that is called at this entry, unless it is a return or the end. */
  called(entry: number): number | undefined {
    const operation = this.operation[entry] as number
    return entry === end || operation < 0 ? undefined : operation
  }

  after(entry: number): number {
    return this.next[entry] as number
  }

  /** Takes an operation out. */
  lift(entry: number): void {
    this.unlink(entry)
    const returned = this.returns[this.operation[entry] as number]
    if (returned !== undefined) this.unlink(returned)
  }

  /** Puts back the operation that was taken out last. */
  unlift(entry: number): void {
    const returned = this.returns[this.operation[entry] as number]
    if (returned !== undefined) this.relink(returned)
    this.relink(entry)
  }

  private unlink(entry: number): void {
    const next = this.next[entry] as number
    const previous = this.previous[entry] as number
    this.next[previous] = next
    this.previous[next] = previous
  }

  private relink(entry: number): void {
    this.next[this.previous[entry] as number] = entry
    this.previous[this.next[entry] as number] = entry
  }
}

/** The pairs of placed operations and state that have been looked at. */
class Memo<State> {
  private readonly seen = new Map<bigint, Map<number, Array<State>>>()
  private readonly equals: (a: State, b: State) => boolean
  private readonly hash: (state: State) => number

  constructor(equals: (a: State, b: State) => boolean, hash: (state: State) => number) {
    this.equals = equals
    this.hash = hash
  }

  /** Whether the pair is new. It is not any more afterwards. */
  add(done: bigint, state: State): boolean {
    let byHash = this.seen.get(done)
    if (byHash === undefined) {
      byHash = new Map()
      this.seen.set(done, byHash)
    }
    const hash = this.hash(state)
    const states = byHash.get(hash)
    if (states === undefined) {
      byHash.set(hash, [state])
      return true
    }
    if (states.some((one) => this.equals(one, state))) return false
    states.push(state)
    return true
  }
}

/** By operation: the casts of the same client that happen before it, as a set of bits. */
const earlierCasts = (history: ReadonlyArray<Operation<unknown, unknown>>): ReadonlyArray<bigint> =>
  history.map(({ calledAt, client }, at) =>
    history.reduce((mask, other, index) => {
      const isEarlier = other.calledAt < calledAt || (other.calledAt === calledAt && index < at)
      return other.known === "sent" && other.client === client && isEarlier ? mask | (1n << BigInt(index)) : mask
    }, 0n)
  )

const search = <State, Input, Output>(
  specification: Specification<State, Input, Output>,
  history: ReadonlyArray<Operation<Input, Output>>,
  budget: number
): Found<State, Input, Output> => {
  const { equals = Equal.equals, step } = specification
  const hash = specification.hash ?? (specification.equals === undefined ? Hash.hash : () => 0)
  const events = new Events(history)
  const memo = new Memo<State>(equals, hash)
  const before = earlierCasts(history)
  const stack: Array<Placed<State>> = []
  let state = specification.init
  let done = 0n
  let left = history.reduce((count, { known }) => count + (known === "answered" ? 1 : 0), 0)
  let nodes = 0
  let isUndetermined = false
  let longest: ReadonlyArray<number> = []
  let longestState = state

  const operationAt = (entry: number) => history[events.operation[entry] as number] as Operation<Input, Output>

  /** The states that the operation at an entry may lead to now. */
  const statesAfter = (index: number): ReadonlyArray<State> => {
    if (((before[index] as bigint) & ~done) !== 0n) return []
    const { input, known, output } = history[index] as Operation<Input, Output>
    const seen = known === "answered" ? { output: output as Output } : undefined
    const states = step(state, input, seen)
    if (states === undetermined) {
      isUndetermined = true
      return []
    }
    // What may as well not have happened explains nothing
    return known === "pending" ? states.filter((one) => !equals(one, state)) : states
  }

  let entry = events.after(end)
  let choice = 0
  let states: ReadonlyArray<State> | undefined
  while (left > 0) {
    const index = events.called(entry)
    if (index !== undefined) {
      states ??= statesAfter(index)
      const placed = done | (1n << BigInt(index))
      while (choice < states.length && !memo.add(placed, states[choice] as State)) choice++
      if (choice < states.length) {
        nodes++
        if (nodes > budget) return { _tag: "GaveUp", reason: "budget", nodes: budget }
        stack.push({ entry, states, choice, state, done })
        state = states[choice] as State
        done = placed
        if (operationAt(entry).known === "answered") left--
        events.lift(entry)
        entry = events.after(end)
      } else {
        entry = events.after(entry)
      }
      states = undefined
      choice = 0
      continue
    }
    // Whatever comes next happens after an operation that is not placed
    if (stack.length > longest.length) {
      longest = stack.map((placed) => placed.entry)
      longestState = state
    }
    const last = stack.pop()
    if (last === undefined) {
      if (isUndetermined) return { _tag: "GaveUp", reason: "undetermined", nodes }
      return { _tag: "None", longest: longest.map(operationAt), state: longestState, nodes }
    }
    events.unlift(last.entry)
    if (operationAt(last.entry).known === "answered") left++
    ;({ entry, state, states, done } = last)
    choice = last.choice + 1
  }
  return { _tag: "Order", order: stack.map((placed) => operationAt(placed.entry)), nodes }
}

// --- the explanation -------------------------------------------------------------------------------------------------

/** The history as it was known at a time: what had not returned by then is pending. */
const until = <Input, Output>(
  history: ReadonlyArray<Operation<Input, Output>>,
  time: number
): ReadonlyArray<Operation<Input, Output>> =>
  history.flatMap((operation): ReadonlyArray<Operation<Input, Output>> => {
    if (operation.calledAt > time) return []
    if (operation.known !== "answered" || Number(operation.returnedAt) <= time) return [operation]
    return [{ ...operation, known: "pending", returnedAt: undefined, output: undefined }]
  })

/** What is linearisable is so up to any time: the first return without an order is found by halving. */
const explain = <State, Input, Output>(
  specification: Specification<State, Input, Output>,
  history: ReadonlyArray<Operation<Input, Output>>,
  budget: number,
  whole: Extract<Found<State, Input, Output>, { readonly _tag: "None" }>
): Omit<NotLinearisable<State, Input, Output>, "key" | "nodes"> => {
  const answered = history.filter(({ known }) => known === "answered")
  answered.sort((a, b) => Number(a.returnedAt) - Number(b.returnedAt))
  let low = 0
  let high = answered.length - 1
  let shortest = true
  let failure = whole
  while (low < high) {
    const middle = (low + high) >> 1
    const found = search(specification, until(history, Number(answered[middle]?.returnedAt)), budget)
    if (found._tag === "None") {
      failure = found
      high = middle
    } else {
      if (found._tag === "GaveUp") shortest = false
      low = middle + 1
    }
  }
  const culprit = answered[high] as Operation<Input, Output>
  const prefix = until(history, Number(culprit.returnedAt))
  return { _tag: "NotLinearisable", prefix, shortest, culprit, order: failure.longest, state: failure.state }
}
