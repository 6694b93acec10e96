/**
 * Models: what a server should do, as a pure step from a state to the next, and the check that a real one does so under concurrent
 * clients.
 *
 * ```ts
 * const Kv = Model.of(KvStore, {
 *   init: (): ReadonlyMap<string, number> => new Map(),
 *   commands: {
 *     put: {
 *       payload: { key: fc.constantFrom("a", "b") },
 *       step: (entries, { key, value }) => Model.returns(new Map(entries).set(key, value), undefined)
 *     },
 *     get: { payload: { key: fc.constantFrom("a", "b") }, step: (entries, { key }) => Model.returns(entries, entries.get(key)) }
 *   },
 *   partition: ({ key }) => key
 * })
 * const { verdict } = yield* Kv.run(store, { clients: 3, length: 8 })
 * ```
 *
 * A run gives the server random commands from several processes at once and records what they called and got, and when. The server is
 * right when its answers could have come from the model, with each call taken at one instant between its call and its return
 * (`Linearize.ts`). Nothing is said about the server's insides, so the same model checks a virtual system, a simulation and real
 * schedulers.
 *
 * Calls that end in NoProcess or CallTimeout may have happened, at any later time, or never; the model need not mention them.
 *
 * When not to use it: for a property of one call, or of a server's end. Those are ordinary tests.
 */

import * as ExitReason from "@understudy/core/ExitReason"
import {
  type CallError,
  CallingSelf,
  CallTimeout,
  type Contract,
  type Fields,
  NoProcess,
  type Protocol,
  type Ref,
  UnknownCall
} from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import type { System } from "@understudy/core/System"
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import {
  type CommandOptions,
  commandOf,
  type PayloadArbitrary,
  type PayloadOf,
  type Program,
  type ProgramOptions,
  programOf
} from "./Commands.ts"
import { explain } from "./Explain.ts"
import {
  type Command,
  type End,
  type Entry,
  lostAnything,
  type Outcome,
  operationsOf,
  Recorder,
  setupClient
} from "./History.ts"
import { type CheckOptions, check, type Seen, type Specification, undetermined, type Verdict } from "./Linearize.ts"

export type { PayloadArbitrary, PayloadOf, Program, ProgramOptions } from "./Commands.ts"
export type { Command, End, Entry, Outcome } from "./History.ts"

/**
 * What a command does in a state of the model: the next state, and which answers are right, of replies `A` and errors `E`. Made by
 * {@link returns} and the like.
 */
export interface Step<out State, out A, out E> {
  /** The next state; a function of the reply where only the server knows it. */
  readonly next: State | NextOf<State>
  readonly allows: (outcome: Outcome) => boolean
  /** The answer that is right; compared as the message's schemas say. Undefined: {@link allows} says it all. */
  readonly expected: Outcome | undefined
  readonly "~A"?: A
  readonly "~E"?: E
}

/** The next state as a function of the reply. */
class NextOf<out State> {
  readonly of: (reply: never) => State
  constructor(of: (reply: never) => State) {
    this.of = of
  }
}

/** The command answers with `reply`, and the model goes on as `next`. For a cast, `reply` is undefined. */
export const returns = <State, A>(next: State, reply: A): Step<State, A, never> => ({
  next,
  allows: () => true,
  expected: { _tag: "Returned", value: reply }
})

/** The command answers with its typed error, and the model goes on as `next`. */
export const fails = <State, E>(next: State, error: E): Step<State, never, E> => ({
  next,
  allows: () => true,
  expected: { _tag: "Failed", error }
})

/**
 * The command answers with a reply for which `isRight` holds: where a server may choose, or the model does not say. `next` may be a
 * function of the reply (`Model.next`). Of a call that was not answered, such a next state is not known: the verdict may be "unknown".
 */
export const replies = <State, A>(
  next: State | NextOf<State>,
  isRight: (reply: A) => boolean
): Step<State, A, never> => ({
  next,
  // Replies are of the call's success type: the runtime has checked them
  allows: (outcome) => outcome._tag === "Returned" && isRight(outcome.value as A),
  expected: undefined
})

/** The command fails with a typed error for which `isRight` holds. */
export const failsWith = <State, E>(next: State, isRight: (error: E) => boolean): Step<State, never, E> => ({
  next,
  allows: (outcome) => outcome._tag === "Failed" && isRight(outcome.error as E),
  expected: undefined
})

/** The next state as a function of the reply, for {@link replies}. */
export const next = <State, A>(of: (reply: A) => State): NextOf<State> => new NextOf(of)

type ReplyOf<M> = M extends { readonly success: infer A extends Schema.Top } ? A["Type"] : undefined
type ErrorOf<M> = M extends { readonly error: infer E extends Schema.Top } ? E["Type"] : never

/** What the model says of one message. */
export interface CommandSpec<State, M> {
  /** How its payloads are made: an arbitrary of the whole, or of some fields. Default: by the contract's schemas. */
  readonly payload?: PayloadArbitrary<M> | undefined
  /** How often it is chosen, relative to the others. A whole number; default 1. */
  readonly weight?: number | undefined
  /** What it does. Pure: the state it is given must not be changed. Several steps: the server may choose among them. */
  readonly step: (
    state: State,
    payload: PayloadOf<M>
  ) => Step<State, ReplyOf<M>, ErrorOf<M>> | ReadonlyArray<Step<State, ReplyOf<M>, ErrorOf<M>>>
}

/** What a model is. */
export interface ModelSpec<P extends Protocol, K extends keyof P, State> {
  /** The state of a server that has just started. With a partition, that of one key. */
  readonly init: () => State
  /** What is known of each message. Those that are not named are not sent. */
  readonly commands: { readonly [C in K]: CommandSpec<NoInfer<State>, P[C]> }
  /** Commands of different keys do not affect each other: they are checked apart, which is much faster. Compared by content. */
  readonly partition?: ((payload: PayloadOf<P[K]>, tag: K) => unknown) | undefined
  /** What always holds. An order that leads to a state without it explains nothing. */
  readonly invariant?: ((state: NoInfer<State>) => boolean) | undefined
  /** When two states are the same. Default: by content, see Effect's `Equal.equals`. */
  readonly equals?: ((a: NoInfer<State>, b: NoInfer<State>) => boolean) | undefined
}

/** How a history is checked. */
export interface CheckHistoryOptions extends CheckOptions {
  /** Whether casts may have got lost. Default: when a call shows that its callee had ended. */
  readonly lossy?: boolean | undefined
}

/** How a model is run. */
export interface RunOptions extends ProgramOptions, CheckOptions {
  /** What is done. Default: a random program of the sizes that are given. */
  readonly program?: Program | undefined
  /** For the random program; the result has it. Default: a new one. */
  readonly seed?: number | undefined
  /** The timeout of every call. Default: that of calls, 5 seconds. */
  readonly timeout?: Duration.Input | undefined
}

/** What a run came to. */
export interface Run<State> {
  readonly program: Program
  /** Of the random program; `undefined` when a program was given. */
  readonly seed: number | undefined
  readonly history: ReadonlyArray<Entry>
  readonly verdict: Verdict<State, Command, Outcome>
  /** The failure in words; `undefined` when there is none. */
  readonly problem: string | undefined
}

/** A model of a contract's servers. See the file's header. */
export interface Model<P extends Protocol, State> {
  /** The name of the contract. */
  readonly name: string
  /** Random programs, for `fc.assert`. They shrink. */
  readonly arbitrary: (options?: ProgramOptions) => fc.Arbitrary<Program>
  /**
   * Runs a program against a server, which must be in the model's initial state, and checks the history. Each client is a process on
   * this scheduler; the server may be on any. Does not fail when the verdict does: see {@link assertLinearisable}. Dies when a call
   * cannot be made at all (a payload that is not of its type, a ref of another contract), or when a client dies of itself.
   */
  readonly run: (ref: Ref<P>, options?: RunOptions) => Effect.Effect<Run<State>, never, System>
  /** Checks a history that was recorded elsewhere. */
  readonly check: (history: ReadonlyArray<Entry>, options?: CheckHistoryOptions) => Verdict<State, Command, Outcome>
  /** A verdict in words; `undefined` unless it is a failure. */
  readonly explain: (verdict: Verdict<State, Command, Outcome>) => string | undefined
}

/**
 * A model of the servers of a contract. Throws a RangeError when it names messages or fields that the contract does not have, or none.
 */
export const of = <P extends Protocol, A extends Fields, M, K extends keyof P & string, State>(
  contract: Contract<P, A, M>,
  spec: ModelSpec<P, K, State>
): Model<P, State> => {
  const command = commandOf(contract, spec.commands as Readonly<Record<string, CommandOptions>>)
  const specification = specificationOf(contract.protocol, spec)
  const expectation = (state: State, { payload, tag }: Command) =>
    stepsOf(spec, state, { payload, tag }).map(({ expected }) => expected)
  const model: Model<P, State> = {
    name: contract.name,
    arbitrary: (options) => programOf(command, options),
    check: (history, options = {}) =>
      check(specification, operationsOf(history, options.lossy ?? lostAnything(history)), options),
    explain: (verdict) => explain(contract.name, verdict, expectation),
    run: (ref, options = {}) =>
      Effect.gen(function* () {
        const seed = options.program === undefined ? (options.seed ?? (yield* Random.nextInt)) : undefined
        const [program = options.program] =
          seed === undefined ? [] : fc.sample(programOf(command, options), { numRuns: 1, seed })
        const recorder = new Recorder()
        const giving = { protocol: contract.protocol, ref: ref as Ref<Protocol>, timeout: options.timeout, recorder }
        const before = yield* Process.whereis(ref.address)
        yield* play(program as Program, giving)
        const { history } = recorder
        // Casts to who has ended get lost, also where no call was made to it
        const lossy = !(yield* isStillThere(ref.address, before))
        const verdict = model.check(history, { budget: options.budget, lossy })
        return { program: program as Program, seed, history, verdict, problem: model.explain(verdict) }
      })
  }
  return model
}

/** Whether the same process is behind an address all the time. */
const isStillThere = (
  address: Process.Address,
  before: Process.Pid | undefined
): Effect.Effect<boolean, never, System> =>
  Effect.flatMap(Process.whereis(address), (after) =>
    before === undefined || after === undefined || !Process.equals(before, after)
      ? Effect.succeed(false)
      : Process.isAlive(after)
  )

/** A history that no order of its operations explains. */
export class NotLinearisable extends Schema.TaggedError<NotLinearisable>()("NotLinearisable", {
  /** The name of the contract. */
  model: Schema.String,
  /** What cannot be explained, and what was done until then. */
  problem: Schema.String
}) {
  override get message(): string {
    return this.problem
  }
}

/** Fails when a run's verdict is a failure. An unknown one is none. */
export const assertLinearisable = <State>(model: string, run: Run<State>): Effect.Effect<void, NotLinearisable> =>
  run.problem === undefined ? Effect.void : Effect.fail(new NotLinearisable({ model, problem: run.problem }))

// --- the model as a specification ------------------------------------------------------------------------------------

type AnyStep<State> = Step<State, unknown, unknown>

/** What the model allows for a command in a state. */
const stepsOf = <P extends Protocol, K extends keyof P & string, State>(
  spec: ModelSpec<P, K, State>,
  state: State,
  { payload, tag }: Command
): ReadonlyArray<AnyStep<State>> => {
  // Commands are made from the model, or recorded while it ran: tag and payload fit
  const { step } = spec.commands[tag as K]
  const steps = step(state, payload as PayloadOf<P[K]>)
  return Array.isArray(steps) ? steps : [steps as AnyStep<State>]
}

const specificationOf = <P extends Protocol, K extends keyof P & string, State>(
  protocol: P,
  spec: ModelSpec<P, K, State>
): Specification<State, Command, Outcome> => {
  const { equals, invariant = () => true, partition } = spec
  const compare = comparisons(protocol)
  return {
    init: spec.init(),
    equals,
    ...(partition === undefined
      ? {}
      : { partition: ({ payload, tag }: Command) => partition(payload as PayloadOf<P[K]>, tag as K) }),
    step: (state, command, seen) => {
      const states: Array<State> = []
      for (const step of stepsOf(spec, state, command)) {
        if (seen !== undefined && !isAllowed(step, seen, compare(command.tag))) continue
        if (step.next instanceof NextOf) {
          if (seen === undefined) return undetermined
          const { output } = seen
          if (output._tag === "Returned") states.push(step.next.of(output.value as never))
        } else states.push(step.next)
      }
      return states.filter(invariant)
    }
  }
}

type Same = (a: Outcome, b: Outcome) => boolean

const isAllowed = <State>({ allows, expected }: AnyStep<State>, { output }: Seen<Outcome>, same: Same): boolean =>
  (expected === undefined || same(expected, output)) && allows(output)

/** When two outcomes of a message are the same: as its schemas compare them. */
const comparisons = (protocol: Protocol): ((tag: string) => Same) => {
  const made = new Map<string, Same>()
  const make = (tag: string): Same => {
    const method = protocol[tag]
    if (method?._tag !== "Call") return (a, b) => a._tag === b._tag
    const sameValue = Schema.toEquivalence(method.success)
    const sameError = Schema.toEquivalence(method.error)
    return (a, b) => {
      if (a._tag === "Returned") return b._tag === "Returned" && equal(sameValue, a.value, b.value)
      return b._tag === "Failed" && equal(sameError, a.error, b.error)
    }
  }
  return (tag) => {
    const known = made.get(tag) ?? make(tag)
    made.set(tag, known)
    return known
  }
}

/** A model written without types may expect what is not of the schema: that is then not equal, and no exception. */
const equal = (same: (a: unknown, b: unknown) => boolean, a: unknown, b: unknown): boolean => {
  if (Equal.equals(a, b)) return true
  try {
    return same(a, b)
  } catch {
    return false
  }
}

// --- running ---------------------------------------------------------------------------------------------------------

type AnyMethods = Readonly<Record<string, (...args: ReadonlyArray<unknown>) => Effect.Effect<unknown, unknown, System>>>

/** Where commands are given, and recorded. */
interface Giving {
  readonly protocol: Protocol
  readonly ref: Ref<Protocol>
  readonly timeout: Duration.Input | undefined
  readonly recorder: Recorder
}

/** Gives one command, and records it. */
const give = (
  { protocol, recorder, ref, timeout }: Giving,
  client: number,
  command: Command
): Effect.Effect<void, never, System> =>
  Effect.suspend(() => {
    const { payload, tag } = command
    const isCast = protocol[tag]?._tag === "Cast"
    const hasPayload = Object.keys(payload as object).length > 0
    const args = [...(hasPayload ? [payload] : []), ...(timeout === undefined || isCast ? [] : [{ timeout }])]
    const method = (ref as unknown as AnyMethods)[tag] as AnyMethods[string]
    const ended = recorder.begin(client, command)
    // On the prototype, with the ref as what it is called on
    return Effect.flatMap(Effect.exit(method.apply(ref, args)), (exit) => {
      // The client is being killed: it learns nothing more
      if (Exit.hasInterrupts(exit)) return Effect.interrupt
      const end = isCast && Exit.isSuccess(exit) ? sent : endOf(exit)
      return end === undefined ? Effect.die(diedOf(tag, exit)) : Effect.sync(() => ended(end))
    })
  })

const sent: End = { _tag: "Sent" }

/** What a client learned. Undefined: the call could not be made, which no server is to blame for. */
const endOf = (exit: Exit.Exit<unknown, unknown>): End | undefined => {
  if (Exit.isSuccess(exit)) return { _tag: "Returned", value: exit.value }
  const [reason] = exit.cause.reasons
  if (reason?._tag !== "Fail") return undefined
  const error = reason.error as CallError
  if (error instanceof UnknownCall || error instanceof CallingSelf) return undefined
  if (error instanceof CallTimeout) return { _tag: "Lost", why: "no answer in time" }
  if (error instanceof NoProcess) {
    return error.reason._tag === "NoProcess"
      ? { _tag: "NotDone", why: "nobody is there" }
      : { _tag: "Lost", why: ExitReason.format(error.reason) }
  }
  return { _tag: "Failed", error }
}

const diedOf = (tag: string, exit: Exit.Exit<unknown, unknown>): unknown =>
  Exit.isFailure(exit) ? Cause.squash(exit.cause) : new Error(`${tag} came to nothing`)

/**
 * The prefix, by whoever runs the model; then all clients side by side, each as a process. Returns when all have ended. Whatever a
 * client's end is, its history is there; a mistake of the program is nobody's history, and ends the run.
 */
const play = ({ clients, prefix }: Program, giving: Giving): Effect.Effect<void, never, System> => {
  const asClient = (client: number, commands: ReadonlyArray<Command>) =>
    Effect.forEach(commands, (command) => give(giving, client, command), { discard: true })
  const concurrent = clients.map((commands, index) =>
    Process.run(asClient(index + 1, commands), { label: `client ${index + 1}` }).pipe(
      // It was killed: what it had called is pending
      Effect.catchTag("ProcessExited", () => Effect.void)
    )
  )
  return Effect.andThen(
    asClient(setupClient, prefix),
    Effect.all(concurrent, { concurrency: "unbounded", discard: true })
  )
}
