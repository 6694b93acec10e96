/** The contracts of `twins.ts` as a later version has them: the names are the same, the schemas are not. */
import { GenServer, Process } from "@understudy/core"
import { Registry } from "@understudy/registry"
import * as Schema from "effect/Schema"

class Money extends Schema.Class<Money>("twins/Money")({
  cents: Schema.Int,
  currency: Schema.optionalKey(Schema.String)
}) {}

/** As before, but for what money is. */
export const Account = GenServer.define("twins/Account", {
  args: { opening: Money },
  info: Schema.Union([Schema.Int, Schema.Struct({ x: Schema.Int })]),
  protocol: {
    deposit: GenServer.cast({ money: Money }),
    balance: GenServer.call({ success: Money })
  }
})

/** The code of {@link Account}. */
export const AccountLive = Account.implement({
  init: ({ opening }) => opening.cents,
  handle: {
    deposit: (cents, { money }) => cents + money.cents,
    balance: (cents) => GenServer.reply(new Money({ cents }), cents)
  },
  info: (cents, message) => (message instanceof Process.Down || message instanceof Process.Exit ? cents : cents + 1000)
})

/** What {@link Account} is told. */
export const money = (cents: number) => new Money({ cents })

/** Accounts by their owner. */
export const accounts = Registry.unique("twins/accounts", Account, Schema.String)
