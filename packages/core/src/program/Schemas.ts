/** Schemas of addresses, and typed names. */

import type * as Schema from "effect/Schema"
import { type Alias, schema as aliasSchema } from "../address/Alias.ts"
import { names } from "../address/Directory.ts"
import { Name } from "../address/Name.ts"
import { type Pid, partOf, schema as pidSchema } from "../address/Pid.ts"
import { checkName } from "../base/NameCheck.ts"
import { addMailboxSchema } from "../schema/ValueCodec.ts"
import { fromSchema } from "../signal/MailboxCodec.ts"

/**
 * The schema of pids whose processes take messages of `mailbox`: pids travel in messages. A process may take more than that, so it
 * need not be the schema it was spawned with.
 */
export const pid = <S extends Schema.Top>(mailbox: S): Schema.Codec<Pid<S["Type"]>, Pid<S["Type"]>> => {
  addMailboxSchema(mailbox)
  return pidSchema<S["Type"]>(() => fromSchema(mailbox))
}

/** The schema of aliases of processes that take messages of `mailbox`. */
export const alias = <S extends Schema.Top>(mailbox: S): Schema.Codec<Alias<S["Type"]>, Alias<S["Type"]>> => {
  addMailboxSchema(mailbox)
  return aliasSchema<S["Type"]>(() => fromSchema(mailbox))
}

/**
 * The address of the process registered as `name` at each use, for processes that take messages of `mailbox`. Throws a
 * RangeError when `name` is invalid.
 */
export const named = <S extends Schema.Top>(name: string, mailbox: S): Name<S["Type"]> =>
  new Name(names, checkName("Process.named", name), partOf(fromSchema(mailbox)))

/** The schema of pids of which only the address matters. */
export const anyPid: Schema.Codec<Pid, Pid> = pidSchema<never>(() => undefined)
