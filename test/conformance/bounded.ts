/** Servers with bounded mailboxes, one contract a policy, and a gate that holds one of them in the middle of a handler. */
import { ExitReason, GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** Lets nobody pass until it is opened. */
export const Gate = GenServer.define("conformance/Gate", {
  protocol: {
    pass: GenServer.call(),
    waiting: GenServer.call({ success: Schema.Int }),
    open: GenServer.call()
  }
})

type Waiting = ReadonlyArray<GenServer.From<void, never>>

/** The code of {@link Gate}. */
export const GateLive = Gate.implement({
  init: (): Waiting => [],
  handle: {
    pass: (waiting, { from }) => GenServer.noReply([...waiting, from]),
    waiting: (waiting) => GenServer.reply(waiting.length, waiting),
    open: (waiting) =>
      Effect.as(
        Effect.forEach(waiting, (from) => GenServer.replyTo(from, undefined)),
        GenServer.reply(undefined, [])
      )
  }
})

/** How many messages wait for a bounded server at most. */
export const capacity = 2

const define = <const Name extends string>(name: Name, overflow: Process.Overflow) =>
  GenServer.define(name, {
    mailbox: { capacity, overflow },
    info: Schema.Int,
    protocol: {
      /** Waits at a gate, inside the handler. */
      enter: GenServer.cast({ gate: Gate.ref }),
      watch: GenServer.call({ payload: { pids: Schema.Array(Process.anyPid) } }),
      hear: GenServer.cast({ value: Schema.Int }),
      /** As {@link hear}, answered. */
      note: GenServer.call({ payload: { value: Schema.Int } }),
      received: GenServer.call({ success: Schema.Array(Schema.String) })
    }
  })

/** The contracts by policy. */
export const bounded = {
  suspend: define("conformance/Suspend", "suspend"),
  dropNewest: define("conformance/DropNewest", "drop-newest"),
  dropOldest: define("conformance/DropOldest", "drop-oldest"),
  crash: define("conformance/Crash", "crash")
}

const live = (contract: (typeof bounded)[keyof typeof bounded]) =>
  contract.implement({
    trapExit: true,
    init: (): Array<string> => [],
    handle: {
      enter: (record, { gate }) => Effect.as(Effect.orDie(gate.pass({ timeout: "Infinity" })), [...record, "entered"]),
      watch: (record, { pids }) =>
        Effect.as(
          Effect.forEach(pids, (pid) => Effect.andThen(Process.monitor(pid), Process.link(pid))),
          GenServer.reply(undefined, record)
        ),
      hear: (record, { value }) => [...record, String(value)],
      note: (record, { value }) => GenServer.reply(undefined, [...record, String(value)]),
      received: (record) => GenServer.reply(record, record)
    },
    info: (record, message) => [
      ...record,
      typeof message === "number" ? String(message) : `${message._tag} ${ExitReason.format(message.reason)}`
    ]
  })

/** The code of {@link bounded}. */
export const boundedLive = [
  live(bounded.suspend),
  live(bounded.dropNewest),
  live(bounded.dropOldest),
  live(bounded.crash)
] as const
