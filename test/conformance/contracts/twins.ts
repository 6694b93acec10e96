/**
 * A module that a program has twice: it is evaluated again under `./twins.ts?again`. Each evaluation has contracts, classes, schemas
 * and registries of its own, and all of them are the same.
 */
import { ExitReason, GenServer, Process } from "@understudy/core"
import { Registry } from "@understudy/registry"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** An instance of a class, in messages, arguments, answers and keys. */
export class Money extends Schema.Class<Money>("twins/Money")({ cents: Schema.Int }) {}

/** A typed failure. */
export class Overdrawn extends Schema.TaggedError<Overdrawn>()("Overdrawn", { by: Money }) {}

/** Plain messages. */
export const Word = Schema.Union([Schema.Int, Schema.String, Money])

const protocol = {
  deposit: GenServer.cast({ money: Money }),
  balance: GenServer.call({ success: Money }),
  withdraw: GenServer.call({ payload: { money: Money }, success: Money, error: Overdrawn }),
  heard: GenServer.call({ success: Schema.Array(Schema.String) }),
  /** Answers later. */
  patiently: GenServer.call({ success: Schema.String }),
  /** Registers itself by the other evaluation's registry. */
  register: GenServer.call({ payload: { key: Schema.String } }),
  fall: GenServer.call(),
  crash: GenServer.call(),
  never: GenServer.call()
}

/** See the file's header. */
export const Account = GenServer.define("twins/Account", { args: { opening: Money }, info: Word, protocol })

/** One that gives and takes refs. */
export const Bank = GenServer.define("twins/Bank", {
  protocol: {
    open: GenServer.call({ success: Account.ref }),
    same: GenServer.call({ payload: { account: Account.ref }, success: Account.ref }),
    move: GenServer.call({ payload: { account: Account.ref, money: Money }, success: Money })
  }
})

/** Accounts by their owner. */
export const accounts = Registry.unique("twins/accounts", Account, Schema.String)

/** A raw process: keeps what it hears, and tells it when it hears "tell". */
export const Teller = Process.define("twins/Teller", {
  mailbox: Word,
  args: { to: Process.pid(Schema.String), greeting: Money }
})

interface State {
  readonly cents: number
  readonly heard: ReadonlyArray<string>
}

const shown = (word: typeof Word.Type) => (word instanceof Money ? `${word.cents} cents` : String(word))

/** The code of {@link Account}. `registry`: where it registers itself. */
export const accountLive = (registry: typeof accounts) =>
  Account.implement({
    init: ({ opening }): State => ({ cents: opening.cents, heard: [] }),
    handle: {
      deposit: (state, { money }) => ({ ...state, cents: state.cents + money.cents }),
      balance: (state) => GenServer.reply(new Money({ cents: state.cents }), state),
      withdraw: (state, { money }) => {
        const cents = state.cents - money.cents
        if (cents < 0) return Effect.fail(new Overdrawn({ by: new Money({ cents: -cents }) }))
        return Effect.succeed(GenServer.reply(new Money({ cents }), { ...state, cents }))
      },
      heard: (state) => GenServer.reply(state.heard, state),
      patiently: (state, { from }) => Effect.as(GenServer.replyTo(from, "at last"), GenServer.noReply(state)),
      register: (state, { key }) =>
        Effect.as(Effect.orDie(registry.register(key, undefined)), GenServer.reply(undefined, state)),
      fall: (state) => GenServer.stop(ExitReason.failed("fell"), state),
      crash: () => {
        throw new Error("crashed")
      },
      never: (state) => GenServer.noReply(state)
    },
    info: (state, message) =>
      message instanceof Process.Down || message instanceof Process.Exit
        ? state
        : { ...state, heard: [...state.heard, shown(message)] }
  })

/** The code of {@link Bank}. */
export const BankLive = Bank.implement({
  init: () => 0,
  handle: {
    open: (state) =>
      Effect.map(Effect.orDie(GenServer.start(Account, { opening: new Money({ cents: 7 }) })), (account) =>
        GenServer.reply(account, state)
      ),
    same: (state, { account }) => GenServer.reply(account, state),
    move: (state, { account, money }) =>
      Effect.gen(function* () {
        yield* account.deposit({ money })
        return GenServer.reply(yield* Effect.orDie(account.balance()), state)
      })
  }
})

/** The code of {@link Teller}. */
export const TellerLive = Teller.implement((self, { greeting, to }) =>
  Effect.gen(function* () {
    const heard = [`greeted with ${shown(greeting)}`]
    while (true) {
      const word = yield* self.receive
      if (word instanceof Process.Down || word instanceof Process.Exit) continue
      if (word === "tell") yield* Process.send(to, heard.join(", "))
      else heard.push(shown(word))
    }
  })
)
