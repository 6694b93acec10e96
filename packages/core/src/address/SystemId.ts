/**
 * Which system an address belongs to. In memory every address is one of the system it is used in; as text it can get into another OS
 * process, or outlive its own, so the text names its system and means nothing to others.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as SchemaAST from "effect/SchemaAST"
import * as SchemaIssue from "effect/SchemaIssue"

/** The id of the system that code runs in: in the context of every fiber of its schedulers, and of those that `System.layer` is given. */
export class SystemId extends Context.Service<SystemId, string>()("@understudy/core/SystemId") {}

/** The systems that have schedulers on this thread, with how many. */
const running = new Map<string, number>()

/** A scheduler of a system starts on this thread. Returns what to do when it ends. */
export const enterSystem = (id: string): (() => void) => {
  running.set(id, (running.get(id) ?? 0) + 1)
  return () => {
    const left = (running.get(id) ?? 0) - 1
    if (left > 0) running.set(id, left)
    else running.delete(id)
  }
}

/** The system whose scheduler has its turn on this thread. Set by the scheduler. */
export const turnOf: { system: string | undefined } = { system: undefined }

/**
 * The system that an address is written or read for: that of the running fiber; or else the one whose scheduler has its turn, as in
 * callbacks and codecs that run on no fiber; or else the only one there is on this thread. `undefined` where that does not say.
 */
const systemHere = (): string | undefined => {
  const fiber = Fiber.getCurrent()
  const system = (fiber === undefined ? undefined : Context.getOrUndefined(fiber.context, SystemId)) ?? turnOf.system
  if (system !== undefined) return system
  const [only, other] = running.keys()
  return other === undefined ? only : undefined
}

/** Between an address and its system. */
const separator = "@"

const unknownSystem =
  "an address inside of its system: use this where a system runs (in an effect of it, if there are several)"

/** The text of an address, with its system. Fails where no system runs. */
export const withSystemId = (
  address: string,
  options: SchemaAST.ParseOptions
): Effect.Effect<string, SchemaIssue.Issue> => {
  const system = systemHere()
  return system === undefined
    ? Effect.fail(new SchemaIssue.InvalidValue({ expected: unknownSystem }, address, options))
    : Effect.succeed(`${address}${separator}${system}`)
}

/**
 * Reads what {@link withSystemId} wrote, by `parse`. `expected`: what the address is called where it is none. Fails when it is of another
 * system.
 */
export const ofThisSystem = <A>(
  text: string,
  expected: string,
  parse: (address: string) => A | undefined,
  options: SchemaAST.ParseOptions
): Effect.Effect<A, SchemaIssue.Issue> => {
  const fail = (what: string) => Effect.fail(new SchemaIssue.InvalidValue({ expected: what }, text, options))
  const at = text.lastIndexOf(separator)
  const address = at === -1 ? undefined : parse(text.slice(0, at))
  if (address === undefined) return fail(expected)
  const system = systemHere()
  if (system === undefined) return fail(unknownSystem)
  if (text.slice(at + 1) !== system) return fail(`${expected} of this system (${system}): it is one of another system`)
  return Effect.succeed(address)
}
