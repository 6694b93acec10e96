/** What the registry's tests share: a server that does what a test asks, a system to run it on, and ways to end it. */

import * as ExitReason from "@understudy/core/ExitReason"
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as System from "@understudy/core/System"
import { Registry } from "@understudy/registry"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

/** A server that runs effects as its own: on one scheduler messages are shared, so they can be sent. */
export const Member = GenServer.define("Member", {
  args: { label: Schema.String },
  protocol: {
    perform: GenServer.call({
      payload: { effect: Schema.Unknown },
      success: Schema.Unknown,
      error: Schema.Unknown
    }),
    label: GenServer.call({ success: Schema.String }),
    relabel: GenServer.cast({ label: Schema.String })
  }
})

export const MemberLive = Member.implement({
  init: ({ label }) => label,
  handle: {
    perform: (label, { effect }) =>
      Effect.map(effect as Effect.Effect<unknown, unknown, GenServer.Provided>, (value) =>
        GenServer.reply(value, label)
      ),
    label: (label) => GenServer.reply(label, label),
    relabel: (_, { label }) => label
  }
})

export type MemberProtocol = (typeof Member)["protocol"]
export type MemberRef = GenServer.PidRef<MemberProtocol>

/** A new member. */
export const member = (label = "member") => GenServer.start(Member, { label })

/** The result of `effect`, run by `who` in one of its handlers. */
export const by = <A, E>(who: MemberRef, effect: Effect.Effect<A, E, GenServer.Provided>) =>
  // `perform` gives back what the effect gave
  who.perform({ effect }) as Effect.Effect<A, E | GenServer.CallError, System.System>

/** Servers that hold a seat from their start on. */
export const Seat = GenServer.define("Seat", {
  args: { name: Schema.String },
  protocol: {
    scheduler: GenServer.call({ success: Schema.Int }),
    whereis: GenServer.call({ payload: { name: Schema.String }, success: Schema.UndefinedOr(Process.anyPid) })
  }
})

export const seats = Registry.unique("seats", Seat, Schema.String)

export const SeatLive = Seat.implement({
  init: ({ name }) => Effect.asVoid(seats.register(name)),
  handle: {
    scheduler: (state) => Effect.map(System.slot, (slot) => GenServer.reply(slot, state)),
    whereis: (state, { name }) => Effect.map(seats.whereis(name), (ref) => GenServer.reply(ref?.pid, state))
  }
})

/** Does `first` in a process that monitors `who`, and `then` in that same process once it knows that `who` has ended. */
export const whenDown = <A, E, E2>(
  who: { readonly pid: Process.Pid },
  first: Effect.Effect<unknown, E2, GenServer.Provided>,
  then: Effect.Effect<A, E, GenServer.Provided>
) =>
  Effect.gen(function* () {
    const result = yield* Deferred.make<A, E | E2>()
    yield* Process.spawn(Schema.Never, (self) =>
      Effect.gen(function* () {
        yield* Process.monitor(who.pid)
        yield* first
        yield* self.receive
        return yield* then
      }).pipe((program) => Deferred.complete(result, program))
    )
    return yield* Deferred.await(result)
  })

/** Ends `who` with `reason` and runs `then` in the process that is told so, when it is told. */
export const endThen = <A, E>(
  who: { readonly pid: Process.Pid },
  reason: ExitReason.ExitReason,
  then: Effect.Effect<A, E, GenServer.Provided>
) => whenDown(who, Process.exit(who.pid, reason), then)

/** As {@link endThen}, by kill. */
export const killThen = <A, E>(who: { readonly pid: Process.Pid }, then: Effect.Effect<A, E, GenServer.Provided>) =>
  endThen(who, ExitReason.kill, then)

/** Processes are killed on purpose: their reports are no news. */
export const quiet = Logger.layer([])

/** Runs a test on a fresh system of one scheduler. */
export const onSystem = <A, E>(test: Effect.Effect<A, E, System.System | Scope.Scope>): Promise<A> =>
  Effect.runPromise(
    Effect.scoped(test).pipe(
      Effect.provide(
        System.layer({ schedulers: 1, implementations: [MemberLive, SeatLive, Registry.implementation], layer: quiet })
      )
    )
  )
