/**
 * Names: a typed address that is resolved each time it is used, so it survives restarts. A name is a key of a table
 * of the directory; registered process names are the table {@link names}, a registry has a table of its own.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Alias, readAlias, writeAlias } from "./Alias.ts"
import type { ByteReader, ByteWriter } from "./Bytes.ts"
import { type Host, names, System } from "./Host.ts"
import type { MessageCodec } from "./MessageCodec.ts"
import { isPid, type Pid, readPid, writePid } from "./Pid.ts"
import { acting } from "./Silence.ts"

/** A name as an address for messages of type `M`. */
export class Name<in M = never> {
  declare readonly "~understudy/Name": (message: M) => void
  readonly table: string
  readonly key: string
  readonly codec: MessageCodec | undefined
  constructor(table: string, key: string, codec: MessageCodec | undefined) {
    this.table = table
    this.key = key
    this.codec = codec
  }
  toString(): string {
    return this.table === names ? this.key : `${this.table}/${this.key}`
  }
}

/** Where a message can be sent: a process, whoever holds a name when it is sent, or an alias while it lasts. */
export type Address<M = never> = Pid<M> | Name<M> | Alias<M>

/** Appends an address of any kind. */
export const writeAddress = (writer: ByteWriter, address: Address): void => {
  if (isPid(address)) {
    writer.u8(0)
    writePid(writer, address)
  } else if (address instanceof Alias) {
    writer.u8(1)
    writeAlias(writer, address)
  } else {
    writer.u8(2)
    writer.string(address.table)
    writer.string(address.key)
  }
}

/** Reads what {@link writeAddress} wrote; messages to it go by `codec`. Throws when it is no address. */
export const readAddress = (reader: ByteReader, codec: MessageCodec | undefined): Address => {
  switch (reader.u8()) {
    case 0:
      return readPid(reader, codec)
    case 1:
      return readAlias(reader, codec)
    case 2: {
      const table = reader.string()
      return new Name(table, reader.string(), codec)
    }
    default:
      throw new RangeError("record holds no address where one was wanted")
  }
}

/** The pid an address means now; `undefined` when nobody holds the name. */
export const resolve = (host: Host, address: Address): Pid | undefined =>
  isPid(address) ? address : address instanceof Alias ? address.pid : host.directory.whereis(address.table, address.key)

/** Why a name could not be registered. OTP fails with `badarg` in all these cases; here the case is told. */
export class RegistrationError extends Schema.TaggedError<RegistrationError>()("RegistrationError", {
  name: Schema.String,
  /** The name is held by a living process; the process has a name already; it is not alive; the name is empty. */
  problem: Schema.Literals(["taken", "already-named", "not-alive", "invalid-name"])
}) {
  override get message(): string {
    return `cannot register the name "${this.name}": ${this.problem}`
  }
}

/**
 * Gives a living process a name, unique in the whole system. One name per process. When this returns, every scheduler
 * sees it. Fails with {@link RegistrationError}. Catalogue N02 to N04, MC13.
 */
export const register = (name: string, pid: Pid): Effect.Effect<void, RegistrationError, System> =>
  acting((host) => {
    if (name === "") return Effect.fail(new RegistrationError({ name, problem: "invalid-name" }))
    if (host.directory.held(names, pid).length > 0) {
      return Effect.fail(new RegistrationError({ name, problem: "already-named" }))
    }
    return Effect.flatMap(host.directory.register(names, "unique", name, pid, undefined), (result) => {
      switch (result._tag) {
        case "Registered":
          return Effect.void
        case "AlreadyRegistered":
          return Effect.fail(new RegistrationError({ name, problem: "taken" }))
        case "NotAlive":
          return Effect.fail(new RegistrationError({ name, problem: "not-alive" }))
      }
    })
  })

/** Frees a name. Returns whether somebody held it. */
export const unregister = (name: string): Effect.Effect<boolean, never, System> =>
  acting((host) => {
    const holder = host.directory.whereis(names, name)
    return holder === undefined ? Effect.succeed(false) : host.directory.unregister(names, name, holder)
  })

/** The process behind a name or any other address now. A pid is its own answer, alive or not. Catalogue N17. */
export const whereis = (of: string | Address): Effect.Effect<Pid | undefined, never, System> =>
  Effect.map(System, (host) => (typeof of === "string" ? host.directory.whereis(names, of) : resolve(host, of)))

/** All registered names, in order of registration. */
export const registered: Effect.Effect<ReadonlyArray<string>, never, System> = Effect.map(System, (host) =>
  host.directory.entries(names).map((entry) => entry.key)
)
