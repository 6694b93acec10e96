/**
 * Probes: processes of a test that stand in for others. A probe keeps what it receives, and the test says what that must be.
 *
 * ```ts
 * it.process("tells the room", function* () {
 *   const probe = yield* Probe.make(ChatMessage)
 *   const room = yield* startSupervised(Room, { name: "lobby" })
 *   yield* room.join({ user: "ada", to: probe.pid })
 *   yield* room.say({ text: "hi" })
 *   yield* probe.expect({ _tag: "Said", text: "hi" })
 *   yield* probe.expectNothing("1 second")
 * })
 * ```
 *
 * Waiting takes the system's time: under virtual time it costs nothing. A probe ends with the scope it was made in, which is the
 * test's; it traps exits, so what it is linked to does not end it.
 *
 * When not to use one: to look at the answer of a call, call. To replace a whole server whose state matters, implement its contract.
 */

import * as ExitReason from "@understudy/core/ExitReason"
import * as GenServer from "@understudy/core/GenServer"
import { CallMessage, CastMessage, TerminateMessage } from "@understudy/core/internal/Leftovers"
import { longestText, show } from "@understudy/core/internal/Texts"
import { equals, isPid, type Pid } from "@understudy/core/Pid"
import * as Process from "@understudy/core/Process"
import type { System } from "@understudy/core/System"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { type Addressed, addressOf } from "./Addressed.ts"
import { Helper, type Take, type Takes, waitUntil } from "./Helper.ts"
import { CurrentLedger } from "./Ledger.ts"
import { any, type Matched, matches, type Part, type Pattern, patternText } from "./Pattern.ts"
import { here, ownLines } from "./Whereabouts.ts"

export { type Any, any, type Matched, type Part, type Pattern } from "./Pattern.ts"

/** How long an expectation waits. */
export interface Within {
  /** In the system's time. Default 1 second. 0 looks only at what is there. */
  readonly within?: Duration.Input | undefined
}

/** What a probe was to receive did not come, or something else did. */
export class ProbeFailed extends Schema.TaggedError<ProbeFailed>()("ProbeFailed", {
  /** The probe: its label and pid. */
  probe: Schema.String,
  /** What was expected. */
  expected: Schema.String,
  /** What came instead, when that is why it failed. */
  received: Schema.optional(Schema.String),
  /** What was in the mailbox and not taken, oldest first. */
  mailbox: Schema.Array(Schema.String),
  /** How long it waited, in milliseconds of the system's time. */
  waited: Schema.Number
}) {
  override get message(): string {
    const { expected, mailbox, probe, received, waited } = this
    const lines = mailbox.length === 0 ? " empty" : mailbox.map((one) => `\n    ${one}`).join("")
    return [
      `${probe}: expected ${expected}`,
      ...(received === undefined ? [] : [`  received: ${received}`]),
      `  mailbox:${lines}`,
      `  waited: ${waited} ms`
    ].join("\n")
  }
}

const defaultWithin = 1000

const millisecondsOf = (within: Duration.Input | undefined): number =>
  within === undefined ? defaultWithin : Duration.toMillis(Duration.fromInputUnsafe(within))

/** A message for people, on one line. */
const textOf = (message: unknown): string => {
  if (message instanceof CallMessage) return `call ${message.method.tag} ${show(message.payload)}`
  if (message instanceof CastMessage) return `cast ${message.method.tag} ${show(message.payload)}`
  if (message instanceof Process.Down) return `Down of ${message.pid}: ${ExitReason.format(message.reason)}`
  if (message instanceof Process.Exit) return `Exit of ${message.from}: ${ExitReason.format(message.reason)}`
  const text = show(message)
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text
}

/** Says in place of this package's lines where the expectation stands. */
const failedAt = (site: string | undefined, failure: ProbeFailed): ProbeFailed => {
  if (site !== undefined) failure.stack = `${failure.name}: ${failure.message}\n${site.replace(/^/gm, "    ")}`
  return failure
}

const isSignal = (message: unknown): boolean => message instanceof Process.Down || message instanceof Process.Exit

/** What all probes do. Waits, and keeps what came. */
class Box {
  /** What came, oldest first. */
  readonly all: Array<unknown> = []
  /** What of it has not been taken. */
  readonly waiting: Array<unknown> = []
  private readonly listeners = new Set<() => void>()
  helper!: Helper
  readonly label: string

  constructor(label: string) {
    this.label = label
  }

  push(message: unknown): undefined {
    this.all.push(message)
    this.waiting.push(message)
    for (const look of [...this.listeners]) look()
  }

  take(message: unknown): void {
    const at = this.waiting.indexOf(message)
    if (at >= 0) this.waiting.splice(at, 1)
  }

  failure(expected: string, waited: number, received?: unknown): ProbeFailed {
    return new ProbeFailed({
      probe: `${this.label} ${this.helper.pid}`,
      expected,
      mailbox: this.waiting.map(textOf),
      waited,
      ...(received === undefined ? {} : { received: textOf(received) })
    })
  }

  private get now(): number {
    return this.helper.host.timers.now()
  }

  /** Waits for the first that waits and that `looksAt` picks. Takes it if it is what is meant; fails otherwise, or when none comes. */
  first(
    expected: string,
    within: Duration.Input | undefined,
    looksAt: (message: unknown) => boolean,
    isMeant: (message: unknown) => boolean
  ): Effect.Effect<unknown, ProbeFailed> {
    // Called where the test says what it expects
    const site = here()
    return Effect.suspend(() => {
      const start = this.now
      const found = () => this.waiting.find(looksAt)
      const limit = millisecondsOf(within)
      return Effect.flatMap(
        waitUntil(this.helper.host, this.listeners, () => this.waiting.some(looksAt), limit),
        () => {
          const waited = Math.round(this.now - start)
          if (!this.waiting.some(looksAt)) return Effect.fail(failedAt(site, this.failure(expected, waited)))
          const message = found()
          if (!isMeant(message)) return Effect.fail(failedAt(site, this.failure(expected, waited, message)))
          this.take(message)
          return Effect.succeed(message)
        }
      )
    })
  }

  /** Fails when something waits, or comes within that time. */
  nothing(duration: Duration.Input): Effect.Effect<void, ProbeFailed> {
    const site = here()
    return Effect.suspend(() => {
      const start = this.now
      const limit = millisecondsOf(duration)
      const isSomething = () => this.waiting.length > 0
      return Effect.flatMap(waitUntil(this.helper.host, this.listeners, isSomething, limit), (came) => {
        if (!came) return Effect.void
        const waited = Math.round(this.now - start)
        return Effect.fail(failedAt(site, this.failure(`nothing for ${limit} ms`, waited, this.waiting[0])))
      })
    })
  }
}

/** What can be expected of an end. */
export interface EndPattern {
  /** Why it ended: a reason, its `_tag` (`"Shutdown"`), or a predicate. Default: any. */
  readonly reason?:
    | ExitReason.ExitReason
    | ExitReason.ExitReason["_tag"]
    | ((reason: ExitReason.ExitReason) => boolean)
    | undefined
  /** Who ended. Default: anybody who is watched. */
  readonly of?: Addressed | undefined
}

const reasonFits = (expected: EndPattern["reason"], actual: ExitReason.ExitReason): boolean => {
  if (expected === undefined) return true
  if (typeof expected === "function") return matches(expected, actual)
  if (typeof expected === "string") return actual._tag === expected
  return actual._tag === expected._tag && ExitReason.format(actual) === ExitReason.format(expected)
}

const reasonText = (expected: EndPattern["reason"]): string => {
  if (expected === undefined) return "any reason"
  if (typeof expected === "string") return `reason ${expected}`
  return typeof expected === "function" ? `a reason for which ${expected}` : `reason ${ExitReason.format(expected)}`
}

/** What probes of all kinds can. */
abstract class Common {
  protected readonly box: Box

  constructor(box: Box) {
    this.box = box
  }

  /**
   * Watches a process: its end is one to {@link expectDown}.
   *
   * ```ts
   * yield* probe.monitor(server)
   * yield* crash(server)
   * yield* probe.expectDown({ of: server, reason: "Killed" })
   * ```
   */
  monitor(of: Addressed): Effect.Effect<Process.MonitorRef> {
    return this.box.helper.as(Process.monitor(addressOf(of)))
  }

  /**
   * Runs an effect as the probe: what that links, watches or registers is the probe's.
   *
   * ```ts
   * yield* probe.as(Process.register("printer", probe.pid))
   * ```
   */
  as<A, E>(effect: Effect.Effect<A, E, Process.Provided>): Effect.Effect<A, E> {
    return this.box.helper.as(effect)
  }

  /**
   * Waits for the next Down of a process that the probe watches, and gives it. Fails with {@link ProbeFailed} when none comes in time,
   * or when it is not as expected; messages are left alone.
   *
   * ```ts
   * yield* probe.expectDown({ reason: ExitReason.shutdown })
   * ```
   */
  expectDown(pattern: EndPattern = {}, options?: Within): Effect.Effect<Process.Down, ProbeFailed> {
    const { of, reason } = pattern
    const address = of === undefined ? undefined : addressOf(of)
    const isOf = (message: unknown): boolean =>
      message instanceof Process.Down &&
      (address === undefined ||
        (isPid(address) ? equals(message.pid, address) : message.name === `${(address as Process.Name).key}`))
    const expected = `a Down${of === undefined ? "" : ` of ${address}`} with ${reasonText(reason)}`
    return this.box.first(expected, options?.within, isOf, (message) =>
      reasonFits(reason, (message as Process.Down).reason)
    ) as Effect.Effect<Process.Down, ProbeFailed>
  }

  /** As {@link expectDown}, for the exit signal of a process that the probe is linked to. */
  expectExit(pattern: Pick<EndPattern, "reason"> = {}, options?: Within): Effect.Effect<Process.Exit, ProbeFailed> {
    const { reason } = pattern
    return this.box.first(
      `an Exit with ${reasonText(reason)}`,
      options?.within,
      (message) => message instanceof Process.Exit,
      (message) => reasonFits(reason, (message as Process.Exit).reason)
    ) as Effect.Effect<Process.Exit, ProbeFailed>
  }

  /**
   * Waits so long, and fails with {@link ProbeFailed} as soon as anything comes, or when something waits already: a message, a Down
   * or an Exit that was not expected.
   *
   * ```ts
   * yield* probe.expectNothing("1 second")
   * ```
   */
  expectNothing(duration: Duration.Input): Effect.Effect<void, ProbeFailed> {
    return this.box.nothing(duration)
  }
}

/** A process that stands in for others. Made by {@link make} and {@link monitor}. */
export class Probe<M> extends Common {
  /** Where it receives. */
  get pid(): Pid<M> {
    // Its process was spawned with the schema of `M`
    return this.box.helper.pid as unknown as Pid<M>
  }

  /**
   * Waits for the next message, which must be what is meant, and gives it. Fails with {@link ProbeFailed} when none comes in time or
   * when it is another one, which stays where it is. Signals (Down, Exit) are left alone.
   *
   * ```ts
   * const said = yield* probe.expect({ _tag: "Said", text: "hi" })
   * yield* probe.expect({ _tag: "Said", at: Probe.any, text: (text) => text.length > 0 }, { within: "5 seconds" })
   * yield* probe.expect(Said)          // a schema
   * ```
   */
  expect<const P extends Pattern<M>>(pattern: P, options?: Within): Effect.Effect<Matched<M, P>, ProbeFailed> {
    return this.box.first(
      patternText(pattern),
      options?.within,
      (message) => !isSignal(message),
      (message) => matches(pattern, message)
    ) as Effect.Effect<Matched<M, P>, ProbeFailed>
  }

  /**
   * Waits for the next message that is meant, whatever comes before it, and gives it. The others stay where they are, in their order.
   * Fails with {@link ProbeFailed} when none comes in time.
   *
   * ```ts
   * yield* probe.fish({ _tag: "Left" })
   * ```
   */
  fish<const P extends Pattern<M>>(pattern: P, options?: Within): Effect.Effect<Matched<M, P>, ProbeFailed> {
    const isMeant = (message: unknown) => !isSignal(message) && matches(pattern, message)
    return this.box.first(
      `among others ${patternText(pattern)}`,
      options?.within,
      isMeant,
      () => true
    ) as Effect.Effect<Matched<M, P>, ProbeFailed>
  }

  /**
   * Sends, as the probe, to an address that a message has brought.
   *
   * ```ts
   * const { replyTo } = yield* probe.expect({ _tag: "Ask" })
   * yield* probe.reply(replyTo, { _tag: "Answer", value: 1 })
   * ```
   */
  reply<B>(to: Process.Address<B>, message: B): Effect.Effect<void> {
    return this.box.helper.as(Process.send(to, message))
  }

  /** Every message so far, taken or not, oldest first; no signals. */
  messages(): ReadonlyArray<M> {
    // Its mailbox takes messages of `M` and signals
    return this.box.all.filter((message) => !isSignal(message)) as ReadonlyArray<M>
  }
}

const makeHelper = (
  mailbox: Takes,
  label: string,
  take: (box: Box, message: unknown) => ReturnType<Take> = (box, message) => box.push(message),
  stop: (box: Box) => Effect.Effect<void> = () => Effect.void
): Effect.Effect<Box, never, System | Scope.Scope> =>
  Effect.suspend(() => {
    const box = new Box(label)
    const made = Helper.make(
      mailbox,
      label,
      (message) => take(box, message),
      () => stop(box)
    )
    return Effect.map(made, (helper) => {
      box.helper = helper
      return box
    })
  })

/**
 * Starts a probe that takes messages of a schema. It ends with the scope.
 *
 * ```ts
 * const probe = yield* Probe.make(Schema.String)
 * yield* Process.send(probe.pid, "hello")
 * yield* probe.expect("hello")
 * ```
 */
export const make = <S extends Schema.Top>(
  schema: S,
  options?: { /** Its label. Default `"probe"`. */ readonly label?: string | undefined }
): Effect.Effect<Probe<S["Type"]>, never, System | Scope.Scope> =>
  Effect.map(makeHelper({ schema }, options?.label ?? "probe"), (box) => new Probe<S["Type"]>(box))

/**
 * Starts a probe that takes no messages and watches a process from the start.
 *
 * ```ts
 * const probe = yield* Probe.monitor(supervisor)
 * yield* probe.expectDown({ reason: ExitReason.shutdown })
 * ```
 */
export const monitor = (of: Addressed): Effect.Effect<Probe<never>, never, System | Scope.Scope> =>
  Effect.tap(make(Schema.Never), (probe) => probe.monitor(of))

// --- probes that stand in for servers ----------------------------------------------------------------------------------

type CallTags<P extends GenServer.Protocol> = {
  [K in keyof P]: P[K] extends GenServer.Call<infer _F, infer _A, infer _E> ? K : never
}[keyof P] &
  string
type CastTags<P extends GenServer.Protocol> = {
  [K in keyof P]: P[K] extends GenServer.Cast<infer _F> ? K : never
}[keyof P] &
  string
type PayloadOf<D> =
  D extends GenServer.Call<infer F, infer _A, infer _E>
    ? Schema.Struct<F>["Type"]
    : D extends GenServer.Cast<infer F>
      ? Schema.Struct<F>["Type"]
      : never
type SuccessOf<D> = D extends GenServer.Call<infer _F, infer A, infer _E> ? A["Type"] : never
type FailureOf<D> = D extends GenServer.Call<infer _F, infer _A, infer E> ? E["Type"] : never

/** A call that a probe has received: what was asked, and how to answer it. */
export interface ReceivedCall<Payload, A, E> {
  readonly payload: Payload
  /** Answers. The first answer counts. Dies when the value is not of the call's success type. */
  readonly reply: (value: A) => Effect.Effect<void>
  /** Answers with the call's typed error. Dies when it is not of its type. */
  readonly fail: (error: E) => Effect.Effect<void>
}

/** A process that stands in for a server. Made by {@link of}. */
export class ServerProbe<P extends GenServer.Protocol> extends Common {
  /** A ref to it, as to any server of the contract. */
  readonly ref: GenServer.PidRef<P>

  constructor(box: Box, ref: GenServer.PidRef<P>) {
    super(box)
    this.ref = ref
  }

  get pid(): Pid {
    return this.box.helper.pid
  }

  /**
   * Waits for the next call or cast, which must be a call of that name (with a payload that is as `pattern` says), and gives its payload
   * and how to answer it. Fails with {@link ProbeFailed} as {@link Probe.expect} does.
   *
   * ```ts
   * const store = yield* Probe.of(Store)
   * const call = yield* store.expectCall("get", { key: "a" })
   * yield* call.reply(1)
   * ```
   */
  expectCall<K extends CallTags<P>>(
    tag: K,
    pattern: Part<PayloadOf<P[K]>> = any,
    options?: Within
  ): Effect.Effect<ReceivedCall<PayloadOf<P[K]>, SuccessOf<P[K]>, FailureOf<P[K]>>, ProbeFailed> {
    const expected = `call ${tag}${(pattern as unknown) === any ? "" : ` ${patternText(pattern)}`}`
    const isMeant = (message: unknown) =>
      message instanceof CallMessage && message.method.tag === tag && fitsPayload(pattern, message)
    const found = this.box.first(expected, options?.within, isRequest, isMeant) as Effect.Effect<
      CallMessage,
      ProbeFailed
    >
    return Effect.map(found, (message) => {
      // The types are those of the contract whose codec has checked the message
      const from = message.from as unknown as GenServer.From<SuccessOf<P[K]>, FailureOf<P[K]>>
      return {
        payload: (message.payload ?? {}) as PayloadOf<P[K]>,
        reply: (value) => GenServer.replyTo(from, value),
        fail: (error) => GenServer.failTo(from, error)
      }
    })
  }

  /**
   * As {@link expectCall}, for a cast; gives its payload.
   *
   * ```ts
   * expect(yield* store.expectCast("put")).toEqual({ key: "a", value: 1 })
   * ```
   */
  expectCast<K extends CastTags<P>>(
    tag: K,
    pattern: Part<PayloadOf<P[K]>> = any,
    options?: Within
  ): Effect.Effect<PayloadOf<P[K]>, ProbeFailed> {
    const expected = `cast ${tag}${(pattern as unknown) === any ? "" : ` ${patternText(pattern)}`}`
    const isMeant = (message: unknown) =>
      message instanceof CastMessage && message.method.tag === tag && fitsPayload(pattern, message)
    const found = this.box.first(expected, options?.within, isRequest, isMeant) as Effect.Effect<
      CastMessage,
      ProbeFailed
    >
    return Effect.map(found, (message) => (message.payload ?? {}) as PayloadOf<P[K]>)
  }
}

const isRequest = (message: unknown): boolean => message instanceof CallMessage || message instanceof CastMessage

const fitsPayload = (pattern: unknown, { payload }: CallMessage | CastMessage): boolean =>
  pattern === any || matches(pattern, payload)

/**
 * Starts a probe that stands in for a server of a contract: its `ref` can be given to whoever calls one. Calls wait until the test
 * answers them; one that the probe has and the test does not answer is a leak. A request to end it (`GenServer.terminate`) is heeded.
 *
 * ```ts
 * const store = yield* Probe.of(Store)
 * const cache = yield* startSupervised(Cache, { store: store.ref })
 * yield* cache.refresh()
 * yield* (yield* store.expectCall("get")).fail("empty")
 * ```
 */
export const of = <P extends GenServer.Protocol, A extends GenServer.Fields, M>(
  contract: GenServer.Contract<P, A, M>,
  options?: { /** Its label. Default: `probe of` and the contract's name. */ readonly label?: string | undefined }
): Effect.Effect<ServerProbe<P>, never, System | Scope.Scope> =>
  Effect.gen(function* () {
    const label = options?.label ?? `probe of ${contract.name}`
    const ledger = yield* CurrentLedger
    const take = (box: Box, message: unknown) => {
      // As a server does
      return message instanceof TerminateMessage ? Process.exit(message.reason) : box.push(message)
    }
    const unanswered = (box: Box) =>
      Effect.sync(() => {
        for (const message of box.all) {
          if (!(message instanceof CallMessage) || message.asker === undefined || message.replyTo.settled) continue
          const { asker } = message
          const by =
            asker.pid === undefined ? "a fiber that is no process" : (ledger?.nameOf(asker.pid) ?? `${asker.pid}`)
          const madeAt = ownLines(asker.stack)
          ledger?.noted.push({
            kind: "call",
            what: `${label} ${box.helper.pid} has not answered ${textOf(message)} of ${by}`,
            label,
            ...(madeAt === undefined ? {} : { madeAt })
          })
        }
      })
    const box = yield* makeHelper({ contract: contract as never }, label, take, unanswered)
    return new ServerProbe<P>(box, contract.at(box.helper.pid))
  })
