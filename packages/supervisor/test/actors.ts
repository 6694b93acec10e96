/**
 * Actors of the stories: they say when they come and go, and fall when told to. Loaded by every scheduler.
 */

import * as ExitReason from "@understudy/core/ExitReason"
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Schema from "effect/Schema"
import { Supervisor } from "../src/index.ts"

/** What actors tell the test process. */
export const Said = Schema.TaggedUnion({ Said: { text: Schema.String } })
export type Said = typeof Said.Type

/** How an actor is told to end. */
const Ending = Schema.Literals(["normal", "shutdown", "shutdown-detail", "crash"])

/** What an actor's next `init` does. */
export type Plan = "ok" | "fail" | "die" | "ignore" | Deferred.Deferred<void>

/**
 * The next outcomes of `init`, by actor, for actors on the main scheduler. When there is none left: `"ok"`, but for
 * actors whose name starts with "bad", which always fail.
 */
export const plans: Map<string, Array<Plan>> = new Map()

const args = {
  name: Schema.String,
  stage: Process.pid(Said),
  /** Milliseconds its `terminate` takes. */
  farewell: Schema.Number,
  /** Whether its `terminate` never ends. */
  hangs: Schema.Boolean
}

/** Says "a up" when it starts and "a down" when it is stopped in order. */
export const Actor = GenServer.define("test/Actor", {
  args,
  protocol: {
    end: GenServer.cast({ how: Ending }),
    ping: GenServer.call({ success: Schema.String }),
    unlink: GenServer.call({ payload: { from: Process.anyPid } })
  }
})

const say = (stage: Process.Pid<Said>, text: string) => Process.send(stage, { _tag: "Said", text })

export const ActorLive = Actor.implement({
  trapExit: true,
  init: (given) =>
    Effect.gen(function* () {
      const { name, stage } = given
      const plan = plans.get(name)?.shift() ?? (name.startsWith("bad") ? "fail" : "ok")
      if (typeof plan === "object") {
        yield* say(stage, `${name} starting`)
        yield* Deferred.await(plan)
      } else if (plan !== "ok") {
        yield* say(stage, `${name} ${plan}`)
        if (plan === "ignore") return GenServer.ignore
        if (plan === "die") throw new Error(`${name} dies in init`)
        return GenServer.stop(ExitReason.failed("nope"), given)
      }
      yield* say(stage, `${name} up`)
      return given
    }),
  handle: {
    end: (state, { how }) => {
      if (how === "crash") throw new Error(`${state.name} falls`)
      if (how === "normal") return GenServer.stop(ExitReason.normal, state)
      return GenServer.stop(how === "shutdown" ? ExitReason.shutdown : ExitReason.shutdownWith("enough"), state)
    },
    ping: (state) => GenServer.reply(state.name, state),
    unlink: (state, { from }) => Effect.as(Process.unlink(from), GenServer.reply(undefined, state))
  },
  terminate: ({ farewell, name, stage, hangs }, reason) =>
    Effect.gen(function* () {
      // A crash says nothing: it is what the stories are about
      if (ExitReason.isAbnormal(reason)) return
      if (hangs) return yield* Effect.never
      if (farewell > 0) yield* Effect.sleep(farewell)
      yield* say(stage, `${name} down`)
    })
})

/** The program all schedulers run. Crashes are what the stories are about, so nothing is logged. */
export const program = {
  implementations: [Supervisor.implementation, ActorLive],
  layer: Logger.layer([]) as Layer.Layer<never>
}
