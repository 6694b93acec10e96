/**
 * The system's events on one scheduler: what happens here is logged, and sent to the listeners of all schedulers. Without
 * listeners an event costs a look at the shared table; a slow listener loses the oldest events, and is told how many.
 */

import type * as Arr from "effect/Array"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { callbackIn } from "../../fiber/ProcessFiber.ts"
import type { Host } from "../../process/Host.ts"
import type { Priority } from "../../run/RunQueue.ts"
import type { Scheduler } from "../../scheduler/Scheduler.ts"
import type { SchedulerEvent } from "../../scheduler/SchedulerEvent.ts"
import type { EventLevel, ProcessEvent } from "../../signal/ProcessEvent.ts"
import type { ByteReader, ByteWriter } from "../../wire/Bytes.ts"
import { readAny, writeAny } from "../../wire/Portable.ts"
import type { SharedTable } from "../transport/SharedTable.ts"
import { levelOf, logEvent, loggedLevels } from "./Report.ts"

/** A listener could not keep up: so many events that came before the next one were dropped. */
export interface EventsLost {
  readonly _tag: "EventsLost"
  readonly count: number
}

/** What happens in a system that is worth telling its operator. */
export type Event = ProcessEvent | SchedulerEvent | EventsLost

/** Events that wait for one listener; more than that, and the oldest are lost. */
export const listenerCapacity = 1024

/** A listener on this scheduler. */
export class Listener {
  private readonly host: Host
  private readonly capacity: number
  private readonly events: Array<Event> = []
  private lost = 0
  private waiting: { readonly give: () => void; readonly priority: Priority } | undefined

  constructor(host: Host, capacity: number = listenerCapacity) {
    this.host = host
    this.capacity = capacity
  }

  /** Never waits, and never runs the listener's code. */
  hear(event: Event): void {
    if (this.events.length >= this.capacity) {
      this.miss(this.events.shift())
    }
    this.events.push(event)
    const { waiting } = this
    if (waiting === undefined) return
    this.waiting = undefined
    this.host.enqueue(waiting.give, waiting.priority)
  }

  /** One that was dropped, and those it stands for. */
  private miss(event: Event | undefined): void {
    this.lost += event?._tag === "EventsLost" ? event.count : 1
  }

  /** All that wait, oldest first, after the number of those that were lost; waits until there is one. */
  readonly take: Effect.Effect<Arr.NonEmptyReadonlyArray<Event>> = callbackIn((resume, priority) => {
    const give = () => resume(Effect.sync(() => this.drain()))
    if (this.events.length > 0) return give()
    this.waiting = { give, priority }
    return Effect.sync(() => {
      this.waiting = undefined
    })
  })

  private drain(): Arr.NonEmptyReadonlyArray<Event> {
    const lost: ReadonlyArray<Event> = this.lost > 0 ? [{ _tag: "EventsLost", count: this.lost }] : []
    this.lost = 0
    // The caller has seen that there is one, and is the only consumer
    return [...lost, ...this.events.splice(0)] as unknown as Arr.NonEmptyReadonlyArray<Event>
  }
}

const hubs = new WeakMap<Host, Events>()

/** The events of the scheduler something runs on. */
export const eventsOf = (host: Host): Events => {
  const events = hubs.get(host)
  if (events === undefined) throw new Error("this host belongs to no system")
  return events
}

/** What events need from the scheduler's mesh. */
export interface EventsOptions {
  readonly scheduler: Scheduler
  readonly table: SharedTable
  /** Sends an event to another scheduler. `false`: that is not there, or has more to take in than it gets to. */
  readonly send: (slot: number, write: (writer: ByteWriter) => void) => boolean
}

/** See the file's header. */
export class Events {
  private readonly options: EventsOptions
  private readonly listeners = new Set<Listener>()
  /** Events each slot was not sent, since it had too many already. */
  private readonly unsent: Array<number> = []
  /** For which context {@link logged} is known. */
  private context: Context.Context<never> | undefined = undefined
  /** The levels whose events are written. */
  private logged: ReadonlySet<EventLevel> = new Set()

  constructor(options: EventsOptions) {
    this.options = options
    hubs.set(options.scheduler, this)
  }

  /** Something happened on this scheduler: logs it, and sends it to all listeners. */
  report(event: ProcessEvent | SchedulerEvent): void {
    const { scheduler, table } = this.options
    // Reports are written behind everything else: they never hold up what they report on
    if (this.isLogged(levelOf(event))) {
      scheduler.enqueue(() => void Effect.runForkWith(scheduler.context)(logEvent(event)), "low")
    }
    for (const listener of this.listeners) listener.hear(event)
    for (let slot = 0; slot < table.slots; slot++) {
      if (slot !== scheduler.slot && table.listeners(slot) > 0) this.send(slot, event)
    }
  }

  /** Whether events of that level are heard of: those that are not need not be made. */
  isHeard(level: EventLevel): boolean {
    const { scheduler, table } = this.options
    if (this.listeners.size > 0 || this.isLogged(level)) return true
    for (let slot = 0; slot < table.slots; slot++) if (slot !== scheduler.slot && table.listeners(slot) > 0) return true
    return false
  }

  /** Whether events of that level are written anywhere: where not, nothing is made for the log. */
  private isLogged(level: EventLevel): boolean {
    const { context } = this.options.scheduler
    if (context !== this.context) {
      this.context = context
      this.logged = loggedLevels(context)
    }
    return this.logged.has(level)
  }

  private send(slot: number, event: Event): void {
    const unsent = this.unsent[slot] ?? 0
    const sent = this.options.send(slot, (writer) => {
      writer.varint(unsent)
      writeEvent(writer, event)
    })
    this.unsent[slot] = sent ? 0 : unsent + 1
  }

  /** A new scheduler in that slot: what the one before was not sent is no loss of its own. */
  connected(slot: number): void {
    this.unsent[slot] = 0
  }

  /** An event of another scheduler. */
  receive(reader: ByteReader): void {
    const lost = reader.varint()
    const event = readEvent(reader)
    for (const listener of this.listeners) {
      if (lost > 0) listener.hear({ _tag: "EventsLost", count: lost })
      listener.hear(event)
    }
  }

  /** Every event of the system from the stream's start on, whichever scheduler it happens on. */
  readonly stream: Stream.Stream<Event> = Stream.unwrap(
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => this.listen()),
        (listener) => Effect.sync(() => this.leave(listener))
      ),
      (listener) => Stream.fromPull(Effect.succeed(listener.take))
    )
  )

  private listen(): Listener {
    const listener = new Listener(this.options.scheduler)
    this.listeners.add(listener)
    this.options.table.addListener(this.options.scheduler.slot, 1)
    return listener
  }

  private leave(listener: Listener): void {
    this.listeners.delete(listener)
    this.options.table.addListener(this.options.scheduler.slot, -1)
  }
}

/** Writes an event field by field, so that one that cannot leave its scheduler costs the others nothing. */
export const writeEvent = (writer: ByteWriter, event: Event): void => {
  const fields = Object.entries(event)
  writer.varint(fields.length)
  for (const [name, value] of fields) {
    writer.string(name)
    writeAny(writer, value)
  }
}

/** Reads what {@link writeEvent} wrote on another scheduler of the same program. */
export const readEvent = (reader: ByteReader): Event => {
  const event: Record<string, unknown> = {}
  for (let left = reader.varint(); left > 0; left--) {
    const name = reader.string()
    event[name] = readAny(reader)
  }
  return event as unknown as Event
}
