/**
 * Names of processes: registration, removal and lookup. A name has one holder in the whole system, and a process has one name
 * at most. Catalogue area N.
 */

import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Alias } from "../address/Alias.ts"
import { names } from "../address/Directory.ts"
import { type Address, Name } from "../address/Name.ts"
import { isPid, type Pid } from "../address/Pid.ts"
import { showGiven } from "../base/Inspect.ts"
import { expectedName, invalidName, isName } from "../base/NameCheck.ts"
import { acting } from "../fiber/Silence.ts"
import { System } from "../process/Host.ts"
import { resolve } from "../process/Resolve.ts"

/**
 * Why a name could not be registered. OTP fails with `badarg` in all these cases; here the case is told.
 *
 * - `taken`: the name is held by `holder`.
 * - `already-named`: the process is registered as `registeredName`.
 * - `not-alive`: the process has ended.
 * - `invalid-name`: a name is a text that is not empty.
 */
export class RegistrationError extends Schema.TaggedError<RegistrationError>()("RegistrationError", {
  /** The name; for `invalid-name`, what was given, as text. */
  name: Schema.String,
  problem: Schema.Literals(["taken", "already-named", "not-alive", "invalid-name"]),
  /** The process that was to be registered, as text. */
  pid: Schema.optional(Schema.String),
  /** The pid of the holder, as text. For `taken`. */
  holder: Schema.optional(Schema.String),
  /** The name that the process has. For `already-named`. */
  registeredName: Schema.optional(Schema.String)
}) {
  override get message(): string {
    return refusalText(this)
  }
}

const refusalText = ({ holder, name, pid = "the process", problem, registeredName }: RegistrationError): string => {
  const cannot = `cannot register ${pid} as "${name}"`
  switch (problem) {
    case "taken":
      return `${cannot}: the name is taken by ${holder ?? "another process"}. Choose another name, or unregister it first`
    case "already-named":
      return `${cannot}: it is registered as "${registeredName ?? ""}", and a process has one name at most`
    case "not-alive":
      return `${cannot}: it has ended`
    case "invalid-name":
      return `cannot register ${pid}: a name is ${expectedName}; got ${name}`
  }
}

/**
 * Gives a living process a name, unique in the whole system. One name per process. When this returns, every scheduler
 * sees it. Fails with {@link RegistrationError}. Catalogue N02 to N04, MC13.
 */
export const register = (name: string, pid: Pid): Effect.Effect<void, RegistrationError, System> =>
  acting((host) => {
    if (!isPid(pid)) return Effect.die(new TypeError(`register: expected a pid; got ${showGiven(pid)}`))
    const fail = (
      problem: RegistrationError["problem"],
      facts?: { readonly holder?: string; readonly registeredName?: string | undefined }
    ) =>
      Effect.fail(
        new RegistrationError({ name: isName(name) ? name : showGiven(name), problem, pid: pid.toString(), ...facts })
      )
    if (!isName(name)) return fail("invalid-name")
    return Effect.flatMap(host.directory.register(names, "unique", name, pid, undefined), (result) => {
      switch (result._tag) {
        case "Registered":
          return Effect.void
        case "AlreadyRegistered":
          return fail("taken", { holder: result.holder.toString() })
        case "AlreadyNamed":
          return fail("already-named", { registeredName: result.name })
        case "NotAlive":
          return fail("not-alive")
      }
    })
  })

/** Frees a name. Returns whether a process held it. */
export const unregister = (name: string): Effect.Effect<boolean, never, System> =>
  acting((host) => {
    if (typeof name !== "string") return Effect.die(invalidName("unregister", name))
    const holder = host.directory.whereis(names, name)
    return holder === undefined ? Effect.succeed(false) : host.directory.unregister(names, name, holder)
  })

/**
 * The process behind a name or any other address now. A pid is its own answer, alive or not. Dies with a RangeError when
 * it is neither a text nor an address. Catalogue N17.
 */
export const whereis = (of: string | Address): Effect.Effect<Pid | undefined, never, System> =>
  Effect.flatMap(System, (host) => {
    if (typeof of === "string") return Effect.succeed(host.directory.whereis(names, of))
    return isAddress(of) ? Effect.succeed(resolve(host, of)) : Effect.die(invalidName("whereis", of))
  })

const isAddress = (value: unknown): value is Address => isPid(value) || value instanceof Alias || value instanceof Name

/** All registered names, in order of registration. */
export const registered: Effect.Effect<ReadonlyArray<string>, never, System> = Effect.map(System, (host) =>
  host.directory.entries(names).map((entry) => entry.key)
)
