/** Those who are sent what was not meant for them: one of each kind of process, and how each is asked what it has become. */
import { GenServer, Process } from "@understudy/core"
import { Registry } from "@understudy/registry"
import { Supervisor } from "@understudy/supervisor"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Place } from "../testers.ts"
import { Anything, Diary, Ledger, Listener, tell, type Word } from "./actors.ts"

export type Tester = Process.Self<typeof Word.Type>

/** A receiver that runs. */
export interface Started {
  readonly pid: Process.Pid
  /** An alias of it, if it has made one. */
  readonly alias: Process.Alias<never> | undefined
  /** All that can be known of its state, asked as its own contract asks: of who keeps what it hears, "heard", and the message as JSON. */
  readonly state: Effect.Effect<ReadonlyArray<string>, unknown, Process.Provided>
}

/** See the file's header. */
export interface Receiver {
  readonly kind: string
  /** What errors and reports call its contract. */
  readonly contract: string
  /** Whether it makes an alias of itself. */
  readonly aliases: boolean
  /** Which of the plain messages of `plainMessages` its mailbox takes. */
  readonly takes: ReadonlyArray<"number" | "struct">
  /** The name it is registered under, of one that nobody else has. */
  readonly nameOf: (unique: string) => string
  /** Starts it under {@link nameOf} the name. */
  readonly start: (tester: Tester, unique: string, place: Place) => Effect.Effect<Started, unknown, Process.Provided>
}

/** What the contract of a process that has none is called. */
const none = "a process without a contract"

const server = (contract: Pick<typeof Ledger, "name">, kind: string, takes: Receiver["takes"]): Receiver => ({
  kind,
  contract: contract.name,
  aliases: false,
  takes,
  nameOf: (unique) => unique,
  start: (_, name, place) =>
    // They differ in plain messages only, which do not matter here
    Effect.map(GenServer.start(contract as typeof Ledger, {}, { ...place, name }), (ref) => ({
      pid: ref.pid,
      alias: undefined,
      state: ref.kept()
    }))
})

const raw = (contract: typeof Listener | typeof Anything, kind: string, takes: Receiver["takes"]): Receiver => ({
  kind,
  contract: none,
  aliases: true,
  takes,
  nameOf: (unique) => unique,
  start: (tester, name, place) =>
    Effect.gen(function* () {
      const pid = yield* Process.start(contract as typeof Anything, { to: tester.pid }, { ...place, name })
      const { alias } = yield* tester.receiveWhen(
        (message): message is Extract<typeof Word.Type, { alias: unknown }> =>
          typeof message === "object" && "alias" in message
      )
      const state = Effect.gen(function* () {
        yield* Process.send(pid, tell)
        const heard = yield* tester.receiveWhen((message): message is string => typeof message === "string")
        return (JSON.parse(heard) as ReadonlyArray<unknown>).map((message) => `heard ${JSON.stringify(message)}`)
      })
      return { pid, alias, state }
    })
})

const supervisor: Receiver = {
  kind: "a supervisor",
  contract: "understudy/Supervisor",
  aliases: false,
  takes: [],
  nameOf: (unique) => unique,
  start: (_, name, place) =>
    Effect.gen(function* () {
      const children = [Supervisor.child(Ledger, {}, { id: "first" }), Supervisor.child(Diary, {}, { id: "second" })]
      const spec = Supervisor.supervisor(name, { strategy: "one-for-all", children })
      const { pid } = yield* Supervisor.start({ ...spec, ...place })
      return { pid, alias: undefined, state: childrenOf(pid) }
    })
}

const dynamicSupervisor: Receiver = {
  kind: "a dynamic supervisor",
  contract: "understudy/DynamicSupervisor",
  aliases: false,
  takes: [],
  nameOf: (unique) => unique,
  start: (_, name, place) =>
    Effect.gen(function* () {
      const pool = Supervisor.dynamic(name, Ledger)
      const { pid } = yield* Supervisor.start({ ...pool.spec, ...place })
      yield* pool.start()
      yield* pool.start()
      return { pid, alias: undefined, state: childrenOf(pid) }
    })
}

const childrenOf = (of: Process.Pid) =>
  Effect.map(Supervisor.whichChildren(of), (children) =>
    children.map(({ id, pid, restarts }) => `${id} ${pid} ${restarts}`)
  )

const registryOwner: Receiver = {
  kind: "the owner of a registry",
  contract: "understudy/Registry",
  aliases: false,
  takes: [],
  nameOf: (unique) => `registry/${unique}`,
  start: (_, name, place) =>
    Effect.gen(function* () {
      const registry = Registry.unique(name, Ledger, Schema.String)
      const { pid } = yield* Supervisor.start({ ...registry.spec, ...place })
      yield* registry.registerRef(yield* GenServer.start(Ledger, {}, place), "key", undefined)
      const state = Effect.map(registry.entries, (entries) => entries.map(({ key, ref }) => `${key} ${ref}`))
      return { pid, alias: undefined, state }
    })
}

/** All kinds. */
export const receivers: ReadonlyArray<Receiver> = [
  server(Ledger, "a server", []),
  server(Diary, "a server that takes plain messages", ["number"]),
  raw(Listener, "a raw process with a schema", ["number"]),
  raw(Anything, "a raw process that takes anything", ["number", "struct"]),
  supervisor,
  dynamicSupervisor,
  registryOwner
]
