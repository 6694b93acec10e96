/** Those whom operations are tried with, again and again: each lives as long as the measurement, and must keep nothing of any of them. */
import { ExitReason, GenServer, Process } from "@understudy/core"
import { Registry } from "@understudy/registry"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** Does what its messages say. */
export const Server = GenServer.define("leaks/Server", {
  protocol: {
    ping: GenServer.call(),
    note: GenServer.cast({ text: Schema.String }),
    /** Is never answered. */
    never: GenServer.call(),
    fail: GenServer.call({ error: Schema.String }),
    /** Is answered when the next one comes. */
    hold: GenServer.call(),
    /** Answers whoever is held. */
    letGo: GenServer.call(),
    /** Watches, or links itself to, a process, and stops doing so. */
    watch: GenServer.call({ payload: { pid: Process.anyPid } }),
    tie: GenServer.call({ payload: { pid: Process.anyPid } }),
    stop: GenServer.cast()
  },
  info: Schema.String
})

type Held = GenServer.From<void, never>

interface State {
  /** The first one that was held, which is kept after it has been answered. */
  readonly first: Held | undefined
  readonly last: Held | undefined
}

const answer = ({ last }: State) => (last === undefined ? Effect.void : GenServer.replyTo(last, undefined))

/** The code of {@link Server}. */
export const ServerLive = Server.implement({
  trapExit: true,
  init: (): State => ({ first: undefined, last: undefined }),
  handle: {
    ping: (state) => GenServer.reply(undefined, state),
    note: (state) => state,
    never: (state) => GenServer.noReply(state),
    fail: () => Effect.fail("on purpose"),
    hold: (state, { from }) => Effect.as(answer(state), GenServer.noReply({ first: state.first ?? from, last: from })),
    letGo: (state) => Effect.as(answer(state), GenServer.reply(undefined, { ...state, last: undefined })),
    watch: (state, { pid }) =>
      Effect.gen(function* () {
        yield* Process.demonitor(yield* Process.monitor(pid), { flush: true })
        return GenServer.reply(undefined, state)
      }),
    tie: (state, { pid }) =>
      Effect.gen(function* () {
        yield* Process.link(pid)
        yield* Process.unlink(pid)
        return GenServer.reply(undefined, state)
      }),
    stop: (state) => GenServer.stop(ExitReason.normal, state)
  },
  info: (state) => state
})

/** Of another contract. */
export const Stranger = GenServer.define("leaks/Stranger", {
  protocol: { strange: GenServer.call(), strangeNote: GenServer.cast() }
})

/** Full from the first message on: it never takes any. */
export const Full = GenServer.define("leaks/Full", {
  mailbox: { capacity: 1, overflow: "suspend" },
  info: Schema.String,
  protocol: { enter: GenServer.cast(), note: GenServer.cast({ text: Schema.String }), ask: GenServer.call() }
})

/** The code of {@link Full}. */
export const FullLive = Full.implement({
  init: () => 0,
  handle: { enter: () => Effect.never, note: (state) => state, ask: (state) => GenServer.reply(undefined, state) },
  info: (state) => state
})

/** Does not start, or takes as long as it is let. */
export const Stillborn = GenServer.define("leaks/Stillborn", {
  args: { how: Schema.Literals(["fails", "dies", "stops", "ignores", "hangs"]) },
  protocol: { ping: GenServer.call() }
})

/** The code of {@link Stillborn}. */
export const StillbornLive = Stillborn.implement({
  init: ({ how }): number | GenServer.InitNext<number> | Effect.Effect<GenServer.InitNext<number>, string> => {
    switch (how) {
      case "fails":
        return Effect.fail("on purpose")
      case "dies":
        throw new Error("on purpose")
      case "stops":
        return GenServer.stop(ExitReason.failed("on purpose"), 0)
      case "ignores":
        return GenServer.ignore
      case "hangs":
        return Effect.never
    }
  },
  handle: { ping: (state) => GenServer.reply(undefined, state) }
})

/** Ends when it is told to, is linked to whoever starts it, or waits in one of the ways there are. */
export const Short = Process.define("leaks/Short", {
  mailbox: Schema.String,
  args: {
    how: Schema.Literals(["returns", "fails", "waits", "waits long", "sleeps", "calls", "sets timers"]),
    pid: Process.anyPid
  }
})

/** The code of {@link Short}. */
export const ShortLive = Short.implement((self, { how, pid }): Effect.Effect<unknown, unknown, Process.Provided> => {
  switch (how) {
    case "returns":
      return Effect.void
    case "fails":
      return Effect.fail("on purpose")
    case "waits":
      return self.receive
    case "waits long":
      return self.receiveWithin("1 hour")
    case "sleeps":
      return Process.sleep("1 hour")
    case "calls":
      return Server.at(pid).never({ timeout: "1 hour" })
    case "sets timers":
      return Effect.andThen(
        Process.sendAfter(self.pid, "late", "1 hour"),
        Process.exitAfter(self.pid, ExitReason.shutdown, "1 hour")
      )
  }
})

/** One server a key. */
export const places = Registry.unique("leaks/places", Server, Schema.String, { value: Schema.Int })

/** Any number of servers a key. */
export const groups = Registry.duplicate("leaks/groups", Server, Schema.String)

/** As {@link groups}, for whoever listens to its changes. */
export const watched = Registry.duplicate("leaks/watched", Server, Schema.String)
