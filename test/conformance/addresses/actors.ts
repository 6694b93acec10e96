/** Servers that write addresses as text and read them, on whatever scheduler they are. */
import { GenServer, Process, type System } from "@understudy/core"
import { Registry } from "@understudy/registry"
import { Supervisor } from "@understudy/supervisor"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Schema from "effect/Schema"

/** What testers take. */
export const Word = Schema.Union([Schema.Int, Schema.String])

/** Tells what it is told. */
export const Echo = GenServer.define("addresses/Echo", {
  args: { to: Schema.optionalKey(Process.pid(Word)), as: Schema.optionalKey(Schema.String) },
  info: Word,
  protocol: { note: GenServer.cast({ word: Schema.String }), name: GenServer.call({ success: Schema.String }) }
})

const tell = ({ to }: typeof Echo.args.Type, word: string) => (to === undefined ? Effect.void : Process.send(to, word))

/** The code of {@link Echo}. */
export const EchoLive = Echo.implement({
  init: (args) => args,
  handle: {
    note: (args, { word }) => Effect.as(tell(args, `${args.as} was told ${word}`), args),
    name: (args) => GenServer.reply(args.as ?? "", args)
  },
  info: (args, message) =>
    message instanceof Process.Down || message instanceof Process.Exit
      ? args
      : Effect.as(tell(args, `${args.as} heard ${message}`), args)
})

/** A raw process that makes an alias of itself, and tells what it hears. */
export const Listener = Process.define("addresses/Listener", {
  mailbox: Word,
  args: { to: Process.pid(Schema.Struct({ alias: Process.alias(Word) })), tell: Process.pid(Word), as: Schema.String }
})

/** The code of {@link Listener}. */
export const ListenerLive = Listener.implement((self, { as, tell, to }) =>
  Effect.gen(function* () {
    yield* Process.send(to, { alias: yield* self.alias() })
    while (true) {
      const heard = yield* self.receive
      if (typeof heard !== "object") yield* Process.send(tell, `${as} heard ${heard}`)
    }
  })
)

/** Echoes by pid, which is part of the key, and the value. */
export const byPid = Registry.unique("addresses/byPid", Echo, Process.anyPid, {
  value: Schema.Struct({ owner: Process.pid(Word) })
})

/** Echoes by name. */
export const byName = Registry.unique("addresses/byName", Echo, Schema.String)

/** The schemas of addresses, by what they are called. */
export const schemas = {
  "a pid": Process.anyPid as Schema.Codec<unknown, unknown>,
  "a pid of a mailbox": Process.pid(Word) as Schema.Codec<unknown, unknown>,
  "an alias": Process.alias(Word) as Schema.Codec<unknown, unknown>,
  "a ref": Echo.ref as Schema.Codec<unknown, unknown>,
  "a structure": Schema.Struct({ all: Schema.Array(Schema.Union([Echo.ref, Schema.Int])) }) as unknown as Schema.Codec<
    unknown,
    unknown
  >
} as const

/** See {@link schemas}. */
export type Kind = keyof typeof schemas

/** An address as JSON. */
export const write = (kind: Kind, address: unknown) =>
  Effect.map(Schema.encodeUnknownEffect(Schema.toCodecJson(schemas[kind]))(address), (json) => JSON.stringify(json))

/** Reads what {@link write} wrote. */
export const read = (kind: Kind, text: string) =>
  Effect.suspend(() => Schema.decodeUnknownEffect(Schema.toCodecJson(schemas[kind]))(JSON.parse(text)))

/** Uses an address: whoever it is of tells that. */
const use = (kind: Kind, address: unknown): Effect.Effect<unknown, unknown, System.System> => {
  switch (kind) {
    case "a pid":
      return Echo.at(address as Process.Pid).note({ word: "by pid" })
    case "a pid of a mailbox":
    case "an alias":
      return Process.send(address as Process.Address<typeof Word.Type>, "a word")
    case "a ref":
      return (address as GenServer.Ref<(typeof Echo)["protocol"]>).note({ word: "by ref" })
    case "a structure": {
      const [ref, number] = (address as { readonly all: ReadonlyArray<unknown> }).all
      return (ref as GenServer.Ref<(typeof Echo)["protocol"]>).note({ word: `by structure ${number}` })
    }
  }
}

const kind = { kind: Schema.Literals(Object.keys(schemas) as ReadonlyArray<Kind>) }

/** Writes and reads where it is. */
export const Scribe = GenServer.define("addresses/Scribe", {
  protocol: {
    write: GenServer.call({
      payload: { ...kind, pid: Process.anyPid, alias: Schema.optionalKey(Process.alias(Word)) },
      success: Schema.String
    }),
    /** Writes a pid and reads it again, in a callback that is no effect. */
    again: GenServer.call({ payload: { pid: Process.anyPid }, success: Process.anyPid }),
    /** Reads, and uses what it has read; the answer is what went wrong, or nothing. */
    use: GenServer.call({ payload: { ...kind, text: Schema.String }, success: Schema.String })
  }
})

const addressOf = (kind: Kind, pid: Process.Pid, alias: unknown): unknown => {
  if (kind === "an alias") return alias
  if (kind === "a ref") return Echo.at(pid)
  return kind === "a structure" ? { all: [Echo.at(pid), 7] } : pid
}

/** The code of {@link Scribe}. */
export const ScribeLive = Scribe.implement({
  init: () => 0,
  handle: {
    write: (state, { alias, kind, pid }) =>
      Effect.map(Effect.orDie(write(kind, addressOf(kind, pid, alias))), (text) => GenServer.reply(text, state)),
    again: (state, { pid }) => {
      const codec = Schema.toCodecJson(Process.anyPid)
      const text = JSON.stringify(Schema.encodeUnknownSync(codec)(pid))
      return GenServer.reply(Schema.decodeUnknownSync(codec)(JSON.parse(text)), state)
    },
    use: (state, { kind, text }) =>
      read(kind, text).pipe(
        Effect.flatMap((address) => use(kind, address)),
        Effect.match({ onSuccess: () => "", onFailure: String }),
        Effect.map((answer) => GenServer.reply(answer, state))
      )
  }
})

/** The same on every scheduler. */
export const program = {
  implementations: [EchoLive, ListenerLive, ScribeLive, Supervisor.implementation, Registry.implementation],
  layer: Logger.layer([Logger.make(() => undefined)])
}
