/**
 * Raw processes that any scheduler can run. A closure cannot leave its isolate; a definition can, because every
 * scheduler has loaded it under the same name.
 */

import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type { Name } from "../address/Name.ts"
import type { Pid } from "../address/Pid.ts"
import { typedPid } from "../address/Pid.ts"
import { limitOf } from "../base/Milliseconds.ts"
import { checkName } from "../base/NameCheck.ts"
import { currentProcess } from "../fiber/ProcessFiber.ts"
import { withSystem } from "../fiber/Running.ts"
import type { ArgsAndOptions, Definition } from "../process/Definition.ts"
import { Current, type System } from "../process/Host.ts"
import { unlink } from "../process/Links.ts"
import type { ProcessRecord } from "../process/ProcessRecord.ts"
import { fingerprint } from "../schema/Fingerprint.ts"
import { valueCodec } from "../schema/ValueCodec.ts"
import { fromSchema } from "../signal/MailboxCodec.ts"
import { argsFor, type StartOptions, startDefinition } from "../spawn/StartDefinition.ts"
import { StartError } from "../spawn/StartError.ts"
import { RawProcess, type Self } from "./RawProcess.ts"
import type { Provided } from "./SpawnRaw.ts"

type Fields = Schema.Struct.Fields

/** The name, mailbox and arguments of a defined raw process, without its code. */
export interface ProcessContract<S extends Schema.Top, A extends Fields> {
  readonly name: string
  readonly mailbox: S
  readonly args: Schema.Struct<A>
  readonly unwindTimeout: Duration.Input | undefined
  /** Makes it a program: give the result to `System.main`, so that every scheduler can run it. */
  readonly implement: <B, E, R>(
    program: (self: Self<S["Type"]>, args: Schema.Struct<A>["Type"]) => Effect.Effect<B, E, R>
  ) => ProcessImplementation<Exclude<R, Provided>>
}

/** A raw process's code under its name. */
export interface ProcessImplementation<R> {
  readonly definition: Definition
  /** Only in types: the services it needs from the system's layer. */
  readonly "~R": R
}

/**
 * Declares a raw process that any scheduler can run. Throws a RangeError when the name is empty, or `unwindTimeout` is no duration.
 *
 * - `mailbox`: what it takes.
 * - `args`: what it is started with. Default: nothing.
 * - `unwindTimeout`: how long the finalizers of its processes may take before they count as ended all the same. Default: 5 seconds.
 */
export const define = <S extends Schema.Top, const A extends Fields = {}>(
  name: string,
  options: { readonly mailbox: S; readonly args?: A; readonly unwindTimeout?: Duration.Input | undefined }
): ProcessContract<S, A> => {
  const { unwindTimeout } = options
  checkName("Process.define", name)
  limitOf(unwindTimeout, `Process.define: ${name}: unwindTimeout`)
  // Without args `A` is `{}`
  const args = Schema.Struct(options.args ?? ({} as A))
  return {
    name,
    mailbox: options.mailbox,
    args,
    unwindTimeout,
    implement: (program) => ({
      // Services are checked by `~R`; the scheduler's context has them
      definition: makeDefinition(name, options.mailbox, args, unwindTimeout, program as unknown as Program),
      "~R": undefined as never
    })
  }
}

type Program = (self: Self<never>, args: unknown) => Effect.Effect<unknown, unknown>

const makeDefinition = (
  name: string,
  mailbox: Schema.Top,
  args: Schema.Top,
  unwindTimeout: Duration.Input | undefined,
  program: Program
): Definition => ({
  name,
  get fingerprint() {
    return fingerprint(name, { mailbox, args })
  },
  codec: fromSchema(mailbox),
  args: valueCodec(args),
  mailbox: undefined,
  unwindTimeout,
  uses: [],
  body: (given, started, registered) =>
    new RawProcess<never>(
      (self) =>
        Effect.gen(function* () {
          const record = yield* Current
          const holder = registered === undefined ? undefined : yield* takeName(record, registered)
          if (holder !== undefined) {
            // The starter gets the error, and no EXIT. Catalogue N09
            if (record.parent !== undefined) unlink(record, record.parent)
            const facts = { pid: holder.toString(), registeredName: registered?.toString() }
            const error = new StartError({ contract: name, problem: "already-started", ...facts })
            return started?.failWhenGone(Exit.fail(error))
          }
          started?.answer(Exit.void)
          return yield* program(self, given)
        }) as Effect.Effect<unknown, unknown>
    )
})

/** Registers a process as `name`; gives the holder when there is one already. */
const takeName = (record: ProcessRecord, name: Name): Effect.Effect<Pid | undefined> =>
  Effect.map(record.host.directory.register(name.table, "unique", name.key, record.pid, undefined), (result) =>
    result._tag === "AlreadyRegistered" ? result.holder : undefined
  )

/** `{}` args need not be given. */
type StartArgs<A extends Fields> = ArgsAndOptions<A, StartOptions>

const startWith = <S extends Schema.Top, A extends Fields>(
  contract: ProcessContract<S, A>,
  args: unknown,
  options: StartOptions | undefined,
  link: boolean
): Effect.Effect<Pid<S["Type"]>, StartError, System> =>
  withSystem((host, fiber) => {
    const definition = host.definition(contract.name)
    if (definition === undefined) {
      return Effect.fail(new StartError({ contract: contract.name, problem: "unknown-contract" }))
    }
    const given = argsFor(definition, valueCodec(contract.args), args ?? {})
    return Effect.map(startDefinition(host, currentProcess(fiber), definition, given, options, link), (pid) =>
      typedPid<S["Type"]>(pid, definition.codec)
    )
  })

/** Starts a defined process where its placement says. Fails with {@link StartError}. */
export const start = <S extends Schema.Top, A extends Fields>(
  contract: ProcessContract<S, A>,
  ...args: StartArgs<A>
): Effect.Effect<Pid<S["Type"]>, StartError, System> => startWith(contract, args[0], args[1], false)

/** As {@link start}, linked to the calling process. */
export const startLink = <S extends Schema.Top, A extends Fields>(
  contract: ProcessContract<S, A>,
  ...args: StartArgs<A>
): Effect.Effect<Pid<S["Type"]>, StartError, System | Current> => startWith(contract, args[0], args[1], true)
