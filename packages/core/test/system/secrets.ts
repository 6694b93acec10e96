/** Servers that know a secret, each with a hook of another shape; and what their scheduler logs, for tests of what is shown. */

import { inspect } from "node:util"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as Schema from "effect/Schema"
import { GenServer, Process } from "../../src/index.ts"

/** In states, messages and arguments; in no report, event or log line. */
export const secret = "correct horse battery staple"

interface Account {
  readonly user: string
  readonly password: string
  readonly logins: number
}

const args = { user: Schema.String, password: Schema.String }
const protocol = {
  logIn: GenServer.call({ payload: { user: Schema.String, password: Schema.String }, success: Schema.Int }),
  change: GenServer.cast({ password: Schema.String }),
  crash: GenServer.cast(),
  crashOn: GenServer.cast({ password: Schema.String }),
  crashAnswering: GenServer.call({ payload: { password: Schema.String } })
}
const info = Schema.Struct({ password: Schema.String })

const live = (contract: GenServer.Contract<typeof protocol, typeof args, typeof info.Type>) =>
  contract.implement({
    init: ({ password, user }): Account => ({ user, password, logins: 0 }),
    handle: {
      logIn: (account) => GenServer.reply(account.logins, { ...account, logins: account.logins + 1 }),
      change: (account, { password }) => ({ ...account, password }),
      crash: () => {
        throw new Error("on purpose")
      },
      crashOn: () => {
        throw new Error("on purpose")
      },
      crashAnswering: () => Effect.andThen(Effect.yieldNow, Effect.die(new Error("on purpose")))
    }
  })

/** One hook for each. */
export const Careful = GenServer.define("test/Careful", {
  args,
  protocol,
  info,
  inspect: {
    state: (account: Account) => ({ ...account, password: "…" }),
    message: ({ kind, name, payload }) =>
      name === "logIn" ? { user: payload.user } : `${kind} of ${Object.keys(payload)}`,
    args: ({ user }) => ({ user })
  }
})

/** Only a hook of the state: the rest is not shown. */
export const Plain = GenServer.define("test/Plain", {
  args,
  protocol,
  info,
  inspect: (account: Account) => ({ user: account.user })
})

/** Hooks that throw, what they were given in their message. */
export const Clumsy = GenServer.define("test/Clumsy", {
  args,
  protocol,
  info,
  inspect: {
    state: (state: unknown) => {
      throw new TypeError(`cannot show ${JSON.stringify(state)}`)
    },
    message: (message) => {
      throw JSON.stringify(message)
    },
    args: (given) => {
      throw new RangeError(JSON.stringify(given))
    }
  }
})

/** No hooks: all is shown. */
export const Open = GenServer.define("test/Open", { args, protocol, info })

export const contracts = { Careful, Plain, Clumsy, Open } as const

/** Everything that this scheduler has logged, as it would be printed. */
const written: Array<string> = []

export const recorder = Logger.make<unknown, void>(({ cause, fiber, logLevel, message }) => {
  const annotations = fiber.getRef(References.CurrentLogAnnotations)
  written.push([logLevel, inspect(message), Cause.pretty(cause), inspect(annotations, { depth: 9 })].join(" "))
})

/** Knows what its scheduler has logged. */
export const Recorder = GenServer.define("test/Recorder", {
  protocol: { about: GenServer.call({ payload: { text: Schema.String }, success: Schema.Array(Schema.String) }) }
})

const RecorderLive = Recorder.implement({
  init: () => 0,
  handle: {
    // Waits until there is something
    about: (state, { text }) =>
      Effect.map(
        Effect.repeat(
          Effect.andThen(
            Effect.yieldNow,
            Effect.sync(() => written.filter((line) => line.includes(text)))
          ),
          { until: (lines) => lines.length > 0 }
        ),
        (lines) => GenServer.reply(lines, state)
      )
  }
})

/** Calls from its own scheduler. */
export const Caller = GenServer.define("test/Caller", {
  protocol: { ask: GenServer.call({ payload: { who: Open.ref } }), where: GenServer.call({ success: Process.anyPid }) }
})

const CallerLive = Caller.implement({
  init: () => 0,
  handle: {
    ask: (state, { who }) =>
      Effect.gen(function* () {
        yield* Effect.ignore(who.crashAnswering({ password: "x" }))
        return GenServer.reply(undefined, state)
      }),
    where: (state, { pid }) => GenServer.reply(pid, state)
  }
})

export const program = {
  implementations: [...Object.values(contracts).map(live), RecorderLive, CallerLive],
  layer: Logger.layer([recorder])
}
