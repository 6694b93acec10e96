/** How an address of one contract comes to mean a process of another: what a program can do, and a few things only untyped code does. */
import { GenServer, Process } from "@understudy/core"
import { Registry } from "@understudy/registry"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Place } from "../testers.ts"
import { Broker, Foreign, Foreigner, Meant, MeantBounded } from "./actors.ts"
import type { Receiver, Started } from "./receivers.ts"

/** What a way is given. */
export interface Scene {
  /** The receiver's name, which nobody holds before it is started. */
  readonly name: string
  /** Starts the receiver, as often as it is used once. */
  readonly start: Effect.Effect<Started, unknown, Process.Provided>
  readonly here: Place
  readonly there: Place
  /** Ends a process and waits until it is over. */
  readonly bury: (pid: Process.Pid) => Effect.Effect<void, unknown, Process.Provided>
}

/** A receiver, and an address that says it is something else. */
export interface Astray<A> {
  readonly started: Started
  readonly address: A
}

/** See the file's header. */
export interface Way<A> {
  readonly name: string
  readonly appliesTo: (receiver: Receiver) => boolean
  readonly lead: (scene: Scene) => Effect.Effect<Astray<A>, unknown, Process.Provided>
}

/** A ref by which messages are sent that are not meant for whoever gets them. */
export type MeantRef = GenServer.Ref<(typeof Meant)["protocol"]>

const always = () => true

const way = <A>(
  name: string,
  addressOf: (started: Started, scene: Scene) => Effect.Effect<A, unknown, Process.Provided>,
  appliesTo: Way<A>["appliesTo"] = always
): Way<A> => ({
  name,
  appliesTo,
  lead: (scene) =>
    Effect.flatMap(scene.start, (started) => Effect.map(addressOf(started, scene), (address) => ({ started, address })))
})

/** A value as JSON text and back. */
const byText = <A>(schema: Schema.Codec<A, A>, value: A): Effect.Effect<A, unknown> => {
  const codec = Schema.toCodecJson(schema)
  return Effect.flatMap(Schema.encodeEffect(codec)(value), (encoded) =>
    Schema.decodeUnknownEffect(codec)(JSON.parse(JSON.stringify(encoded)))
  )
}

/** A contract's refs of any address, as the runtime makes them when a ref arrives. */
const refAt = (address: Process.Address): MeantRef => Meant["~internals"].refs.at(address)

let keys = 0

/** Ways to a ref of `Meant`. */
export const refs: ReadonlyArray<Way<MeantRef>> = [
  way("its pid", ({ pid }) => Effect.succeed(Meant.at(pid))),
  way("its pid, under a contract whose senders wait for room", ({ pid }) => Effect.succeed(MeantBounded.at(pid))),
  way("a name that it holds", (_, { name }) => Effect.succeed(Meant.named(name))),
  way("the key of a registry that it holds", ({ pid }) =>
    Effect.gen(function* () {
      const book = Registry.unique(`contracts/book ${++keys}`, Meant, Schema.Int)
      yield* book.startLink
      yield* book.registerRef(Meant.at(pid), keys, undefined)
      return book.at(keys)
    })
  ),
  way(
    "an alias of it",
    ({ alias }) => Effect.succeed(refAt(alias!)),
    ({ aliases }) => aliases
  ),
  way("a ref that has arrived in an answer", ({ pid }, { there }) =>
    Effect.flatMap(GenServer.start(Broker, {}, there), (broker) => broker.refOf({ pid }))
  ),
  way("a named ref that has arrived in an answer", (_, { name, there }) =>
    Effect.flatMap(GenServer.start(Broker, {}, there), (broker) => broker.refNamed({ name }))
  ),
  way("a ref that was text", ({ pid }) => byText(Meant.ref, Meant.at(pid))),
  {
    name: "a ref that was kept while its name changed hands",
    appliesTo: always,
    lead: ({ bury, name, start, there }) =>
      Effect.gen(function* () {
        const { pid } = yield* GenServer.start(Meant, {}, { ...there, name })
        const address = Meant.named(name)
        yield* address.ask({ value: 1 })
        yield* bury(pid)
        return { started: yield* start, address }
      })
  }
]

/** An address for plain messages that says a schema which is not its process's. */
export type ForeignAddress = Process.Address<typeof Foreign.Type>

/** Ways to an address for plain messages of `Foreign`. */
export const addresses: ReadonlyArray<Way<ForeignAddress>> = [
  way("a name that it holds", (_, { name }) => Effect.succeed(Process.named(name, Foreign))),
  way("its pid, in an answer", ({ pid }, { there }) =>
    Effect.flatMap(GenServer.start(Broker, {}, there), (broker) => broker.pidOf({ pid }))
  ),
  way("its pid, that was text", ({ pid }) => byText(Process.pid(Foreign), pid as ForeignAddress & Process.Pid<never>)),
  way("the pid of a ref of a contract that takes such messages", ({ pid }) =>
    // One that says nothing of its process yet
    Effect.map(
      byText(Process.anyPid, pid),
      (untyped) => Foreigner.at(untyped).pid as ForeignAddress & Process.Pid<never>
    )
  ),
  way(
    "its alias, in a message",
    ({ alias }) => Effect.succeed(alias as ForeignAddress),
    ({ aliases }) => aliases
  ),
  way(
    "its alias, that was text",
    ({ alias }) => byText(Process.alias(Foreign), alias as Process.Alias<typeof Foreign.Type>),
    ({ aliases }) => aliases
  ),
  {
    name: "a name that was kept while it changed hands",
    appliesTo: always,
    lead: ({ bury, name, start }) =>
      Effect.gen(function* () {
        const pid = yield* Process.spawn(Foreign, (self) => self.receiveWhen((message) => message === undefined))
        yield* Process.register(name, pid)
        const address = Process.named(name, Foreign)
        yield* Process.send(address, 1)
        yield* bury(pid)
        return { started: yield* start, address }
      })
  }
]
