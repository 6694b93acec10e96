/**
 * What one process is told and answers, while something runs: for a look into a failing test, and for tests of a protocol. Only the
 * traced process's own record is asked to tell; it must be on the scheduler of who traces it.
 */
import * as ExitReason from "@understudy/core/ExitReason"
import { type Host, System } from "@understudy/core/internal/Host"
import { CallMessage, CastMessage, IncomingCall, linkedTo, TerminateMessage } from "@understudy/core/internal/Leftovers"
import type { ProcessRecord } from "@understudy/core/internal/Running"
import { show } from "@understudy/core/internal/Texts"
import type { Pid } from "@understudy/core/Pid"
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { type Addressed, addressOf, pidOf } from "./Addressed.ts"
import { settle } from "./Time.ts"

/** Something that happened to a traced process, and when: milliseconds of the system's time since the trace began. */
export type TraceEvent = { readonly at: number } & (
  | { readonly _tag: "Message"; readonly message: unknown }
  | { readonly _tag: "Cast"; readonly name: string; readonly payload: unknown }
  | { readonly _tag: "Call"; readonly name: string; readonly payload: unknown; readonly from: Pid | undefined }
  | { readonly _tag: "Answer"; readonly name: string; readonly exit: Exit.Exit<unknown, unknown> }
  | { readonly _tag: "Down"; readonly pid: Pid; readonly reason: ExitReason.ExitReason }
  | { readonly _tag: "Exit"; readonly from: Pid; readonly reason: ExitReason.ExitReason }
  | { readonly _tag: "Linked" | "Unlinked"; readonly pid: Pid }
  | { readonly _tag: "Ended"; readonly reason: ExitReason.ExitReason }
)

/** What a trace has seen, and what the traced effect gave. */
export interface Traced<A> {
  readonly value: A
  readonly events: ReadonlyArray<TraceEvent>
  /** One line for each event. */
  readonly text: string
}

/** A process cannot be traced. */
export class CannotTrace extends Schema.TaggedError<CannotTrace>()("CannotTrace", {
  process: Schema.String,
  problem: Schema.Literals(["no-process", "elsewhere", "traced"])
}) {
  override get message(): string {
    const why = {
      "no-process": "there is no such process",
      elsewhere: "it is on another scheduler: trace it from a process there",
      traced: "it is traced already"
    }
    return `trace: ${this.process}: ${why[this.problem]}`
  }
}

const payloadText = (payload: unknown): string =>
  payload === undefined || (typeof payload === "object" && payload !== null && Object.keys(payload).length === 0)
    ? ""
    : ` ${show(payload)}`

/** One line about an event. */
export const eventText = (event: TraceEvent): string => {
  const time = `${event.at} ms`.padStart(9)
  switch (event._tag) {
    case "Message":
      return `${time}  takes ${show(event.message)}`
    case "Cast":
      return `${time}  takes the cast ${event.name}${payloadText(event.payload)}`
    case "Call":
      return `${time}  takes the call ${event.name}${payloadText(event.payload)}${event.from === undefined ? "" : ` of ${event.from}`}`
    case "Answer": {
      const { exit } = event
      return `${time}  answers ${event.name} ${Exit.isSuccess(exit) ? show(exit.value) : `with a failure: ${ExitReason.format(ExitReason.fromExit(exit))}`}`
    }
    case "Down":
      return `${time}  is told that ${event.pid} is down: ${ExitReason.format(event.reason)}`
    case "Exit":
      return `${time}  gets the exit of ${event.from}: ${ExitReason.format(event.reason)}`
    case "Linked":
      return `${time}  is linked to ${event.pid}`
    case "Unlinked":
      return `${time}  is linked to ${event.pid} no more`
    case "Ended":
      return `${time}  has ended: ${ExitReason.format(event.reason)}`
  }
}

type Happened = TraceEvent extends infer E ? (E extends { readonly at: number } ? Omit<E, "at"> : never) : never

const traced = new WeakSet<ProcessRecord>()

/** Listens to one process. */
class Tracing {
  readonly events: Array<TraceEvent> = []
  private readonly record: ProcessRecord
  private readonly links: () => ReadonlyArray<Pid>
  private readonly start: number
  private linked: ReadonlyArray<Pid>
  private listening = true
  /** Calls whose callers are not known yet. */
  private readonly unknown: Array<() => void> = []

  constructor(record: ProcessRecord, links: () => ReadonlyArray<Pid>) {
    this.record = record
    this.links = links
    this.start = record.host.timers.now()
    this.linked = links()
  }

  private tell(event: Happened): void {
    if (!this.listening) return
    // At its end it loses them all
    if (event._tag !== "Ended") this.lookAtLinks()
    this.add(event)
  }

  private add(event: Happened): void {
    const at = Math.round(this.record.host.timers.now() - this.start)
    this.events.push({ at, ...event } as TraceEvent)
  }

  /** Links change without a message: they are compared whenever something happens. */
  private lookAtLinks(): void {
    const now = this.links()
    const has = (pids: ReadonlyArray<Pid>, pid: Pid) => pids.some((one) => `${one}` === `${pid}`)
    for (const pid of now) if (!has(this.linked, pid)) this.add({ _tag: "Linked", pid })
    for (const pid of this.linked) if (!has(now, pid)) this.add({ _tag: "Unlinked", pid })
    this.linked = now
  }

  begin(): void {
    const { record } = this
    const { push } = record
    traced.add(record)
    record.push = (item) => {
      this.took(item)
      push.call(record, item)
    }
    const extra = record.extras()
    extra.finalizers ??= []
    extra.finalizers.push(() => this.tell({ _tag: "Ended", reason: record.exitReason ?? ExitReason.noProcess }))
  }

  end(): void {
    if (this.record.isRunning) this.lookAtLinks()
    this.listening = false
    // The method of its class again
    Reflect.deleteProperty(this.record, "push")
    traced.delete(this.record)
  }

  private took(item: unknown): void {
    if (item instanceof CastMessage) {
      return this.tell({ _tag: "Cast", name: item.method.tag, payload: item.payload })
    }
    if (item instanceof CallMessage) {
      const { method, payload, replyTo } = item
      this.tell({ _tag: "Call", name: method.tag, payload, from: undefined })
      const event = this.events.at(-1)
      // Its caller waits only when this is over: until then nobody knows who it is
      const learn = () => {
        if (event?._tag === "Call") Object.assign(event, { from: event.from ?? replyTo.asker?.pid })
      }
      this.unknown.push(learn)
      return this.listenTo(item, learn)
    }
    if (item instanceof TerminateMessage)
      return this.tell({ _tag: "Call", name: "terminate", payload: item.reason, from: item.asker?.pid })
    if (item instanceof IncomingCall) return
    if (item instanceof Process.Down) return this.tell({ _tag: "Down", pid: item.pid, reason: item.reason })
    if (item instanceof Process.Exit) return this.tell({ _tag: "Exit", from: item.from, reason: item.reason })
    this.tell({ _tag: "Message", message: item })
  }

  /** Learns who waits for the calls that are not answered. */
  learn(): void {
    for (const learn of this.unknown) learn()
  }

  private listenTo(call: CallMessage, learn: () => void): void {
    const { method, replyTo } = call
    const answered = (exit: Exit.Exit<unknown, unknown>) => {
      learn()
      this.tell({ _tag: "Answer", name: method.tag, exit })
    }
    const told: Record<string, (value: never) => void> = {
      succeed: (value: unknown) => {
        answered(Exit.succeed(value))
        replyTo.succeed(value)
      },
      answer: (exit: Exit.Exit<unknown, unknown>) => {
        answered(exit)
        replyTo.answer(exit)
      }
    }
    call.replyTo = new Proxy(replyTo, {
      get: (target, key) => {
        if (typeof key === "string" && Object.hasOwn(told, key)) return told[key]
        const value: unknown = Reflect.get(target, key, target)
        return typeof value === "function" ? value.bind(target) : value
      }
    })
  }
}

const recordOf = (host: Host, of: Addressed): ProcessRecord | CannotTrace => {
  const pid = pidOf(host, of)
  const process = `${addressOf(of)}`
  if (pid === undefined) return new CannotTrace({ process, problem: "no-process" })
  if (pid.slot !== host.slot) return new CannotTrace({ process, problem: "elsewhere" })
  const record = host.processes.get(pid.serial)
  if (record === undefined) return new CannotTrace({ process, problem: "no-process" })
  return traced.has(record) ? new CannotTrace({ process, problem: "traced" }) : record
}

/**
 * Runs an effect, and gives beside its value what one process was told and answered meanwhile, until nothing was ready: messages, casts,
 * calls and answers, Downs and exits, links, its end; as values, and as text. Fails as the effect does, or with {@link CannotTrace}.
 *
 * ```ts
 * const { text } = yield* trace(counter, Effect.gen(function* () {
 *   yield* counter.increment({ by: 2 })
 *   yield* counter.get()
 * }))
 * // 0 ms  takes the cast increment { by: 2 }
 * // 0 ms  takes the call get of <0.1.1>
 * // 0 ms  answers get 2
 * ```
 */
export const trace = <A, E, R>(
  of: Addressed,
  body: Effect.Effect<A, E, R>
): Effect.Effect<Traced<A>, E | CannotTrace, System | R> =>
  Effect.flatMap(System, (host): Effect.Effect<Traced<A>, E | CannotTrace, System | R> => {
    const record = recordOf(host, of)
    if (record instanceof CannotTrace) return Effect.fail(record)
    const tracing = new Tracing(record, () => linkedTo(record))
    return Effect.acquireUseRelease(
      Effect.sync(() => tracing.begin()),
      () =>
        Effect.map(
          Effect.tap(body, () => settle()),
          (value) => {
            tracing.learn()
            const { events } = tracing
            return { value, events, text: events.map(eventText).join("\n") }
          }
        ),
      () => Effect.sync(() => tracing.end())
    )
  })
