/** Processes that end in each way there is, and whose finalizers take as long as the test wants them to. */
import { ExitReason, GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Word } from "./actors.ts"
import { Gate } from "./bounded.ts"

/** What a leaver ends by of its own doing, when it is told to go. */
export const ownEnds = ["returns", "shuts down", "fails", "dies", "exits", "signals itself", "kills itself"] as const
type OwnEnd = (typeof ownEnds)[number]

/** Where it holds up its end: in its code (of a server: its handler), in its scope, or in its `terminate`. */
export const places = ["code", "scope", "terminate"] as const

/** What its finalizer does when the gate is open. */
export const lastDeeds = ["nothing", "dies", "exits"] as const

const args = {
  to: Process.pid(Word),
  gate: Gate.ref,
  place: Schema.Literals(places),
  last: Schema.Literals(lastDeeds)
}

interface Args {
  readonly to: Process.Pid<Word>
  readonly gate: GenServer.Ref<(typeof Gate)["protocol"]>
  readonly place: (typeof places)[number]
  readonly last: (typeof lastDeeds)[number]
}

/** What the finalizer says before it waits at the gate. */
export const leaving = "leaving"

/** What a server says that waits in its handler. */
export const waiting = "waiting"

/** What a leaver's own end carries, and what its finalizer's would. */
export const first = "first"
/** See {@link first}. */
export const second = "second"

const held = ({ gate, last, to }: Args) =>
  Effect.gen(function* () {
    yield* Process.send(to, leaving)
    // Nothing is answered to a process that was killed
    yield* Effect.ignoreCause(gate.pass({ timeout: "Infinity" }))
    if (last === "dies") yield* Effect.die(new Error(second))
    if (last === "exits") {
      const { pid } = yield* Process.Current
      yield* Process.exit(pid, ExitReason.failed(second))
    }
  })

const leaves = (own: OwnEnd, pid: Process.Pid): Effect.Effect<void, string, Process.Provided> => {
  switch (own) {
    case "returns":
      return Effect.void
    case "shuts down":
      return Process.exit(ExitReason.shutdownWith(first))
    case "fails":
      return Effect.fail(first)
    case "dies":
      return Effect.die(new Error(first))
    case "exits":
      return Process.exit(ExitReason.failed(first))
    case "signals itself":
      return Process.exit(pid, ExitReason.failed(first))
    case "kills itself":
      return Process.exit(pid, ExitReason.kill)
  }
}

/** A raw leaver: what it is sent says how it ends. */
export const Leaver = Process.define("conformance/Leaver", { mailbox: Schema.Literals(ownEnds), args })

/** The code of {@link Leaver}. */
export const LeaverLive = Leaver.implement((self, args) =>
  Effect.gen(function* () {
    if (args.place === "scope") yield* Effect.addFinalizer(() => held(args))
    const code = Effect.gen(function* () {
      const own = yield* self.receive
      if (typeof own !== "object") yield* leaves(own, self.pid)
    })
    yield* args.place === "code" ? Effect.ensuring(code, held(args)) : code
  })
)

/** A leaver that is a server. */
export const LeavingServer = GenServer.define("conformance/LeavingServer", {
  args,
  protocol: {
    /** Ends so: its handler does, with what it holds. */
    leave: GenServer.cast({ own: Schema.Literals(ownEnds) }),
    /** Says "waiting", and waits in its handler for an end that others decide. */
    wait: GenServer.cast(),
    never: GenServer.call(),
    ping: GenServer.call()
  }
})

/** The code of {@link LeavingServer}. */
export const LeavingServerLive = LeavingServer.implement({
  init: (args) => Effect.as(args.place === "scope" ? Effect.addFinalizer(() => held(args)) : Effect.void, args as Args),
  handle: {
    leave: (state, { own }, { pid }) => {
      const step = Effect.gen(function* () {
        yield* Effect.orDie(leaves(own, pid))
        return GenServer.stop(ExitReason.normal, state)
      })
      return state.place === "code" ? Effect.ensuring(step, held(state)) : step
    },
    wait: (state) => {
      const wait = Effect.andThen(Process.send(state.to, waiting), Effect.never)
      return state.place === "code" ? Effect.ensuring(wait, held(state)) : wait
    },
    never: (state) => GenServer.noReply(state),
    ping: (state) => GenServer.reply(undefined, state)
  },
  terminate: (state) => (state.place === "terminate" ? held(state) : Effect.void)
})
