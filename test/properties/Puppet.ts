/**
 * The process that programs are played with. All schedulers of a virtual system share one thread, so what a puppet does
 * can be a closure in a table of this module; only its number travels. Whatever else reaches a puppet stays in its
 * mailbox until it is told to read.
 */
import { Process } from "@understudy/core"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"

/** What a puppet takes. */
export const Order = Schema.TaggedUnion({
  Do: { task: Schema.Int },
  Word: { value: Schema.Int }
})
/** See {@link Order}. */
export type Order = typeof Order.Type

/** A puppet's view of itself. */
export type Self = Process.Self<Order>

/** What a puppet is told to do, and what came of it. */
export interface Task {
  readonly run: (self: Self) => Effect.Effect<string, never, Process.Provided>
  /** What it answered, or "ended" when its process ended first; `undefined` while it is not done. */
  answer: string | undefined
}

const tasks = new Map<number, Task>()
let lastTask = 0

/** Puts a task into the table. Returns its number. */
export const enter = (run: Task["run"]): { readonly number: number; readonly task: Task } => {
  const task: Task = { run, answer: undefined }
  const number = ++lastTask
  tasks.set(number, task)
  return { number, task }
}

/** Does the task of that number, once. */
export const perform = (self: Self, number: number): Effect.Effect<void, never, Process.Provided> => {
  const task = tasks.get(number)
  tasks.delete(number)
  if (task === undefined) return Effect.void
  const done = (exit: Exit.Exit<string>): void => {
    if (Exit.isSuccess(exit)) task.answer = exit.value
    else task.answer = Cause.hasInterruptsOnly(exit.cause) ? "ended" : Cause.pretty(exit.cause)
  }
  return Effect.asVoid(Effect.onExit(task.run(self), (exit) => Effect.sync(() => done(exit))))
}

/** What a puppet runs. */
export const act = (self: Self): Effect.Effect<never, never, Process.Provided> =>
  Effect.forever(
    Effect.flatMap(Effect.orDie(self.receiveTag("Do")), ({ task }) => perform(self, task)),
    { disableYield: true }
  )

/** A process that any scheduler can start. */
export const Puppet = Process.define("properties/Puppet", { mailbox: Order })

/** The code of {@link Puppet}. */
export const PuppetLive = Puppet.implement(act)
