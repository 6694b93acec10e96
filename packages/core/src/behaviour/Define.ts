/** Declaring contracts: their codecs, their refs, and the servers that implementations make of them. */

import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { ContractId } from "../address/ContractId.ts"
import type { MessageCodec } from "../address/MessageCodec.ts"
import { Name, readAddress, writeAddress } from "../address/Name.ts"
import { parse } from "../address/Pid.ts"
import { ofThisSystem, withSystemId } from "../address/SystemId.ts"
import { limitOf } from "../base/Milliseconds.ts"
import { checkName } from "../base/NameCheck.ts"
import type { Definition } from "../process/Definition.ts"
import type { Bounds } from "../process/Mailbox.ts"
import { fingerprint } from "../schema/Fingerprint.ts"
import { addMailboxSchema, valueCodec } from "../schema/ValueCodec.ts"
import { type Leaf, wireAnnotation } from "../wire/Plan.ts"
import type { AnyContract, Contract, Implementation } from "./Contract.ts"
import { ContractCodec, type Interface } from "./ContractCodec.ts"
import { checkInspect, type Inspect, inspectorOf } from "./Inspection.ts"
import { type Fields, type Method, methodsOf, type Protocol } from "./Protocol.ts"
import { type Ref, type RefFactory, refFactory, reservedTags } from "./Ref.ts"
import type { Callbacks } from "./ServerKind.ts"
import { ServerLoop } from "./ServerLoop.ts"

/**
 * Declares a contract. Throws a RangeError when the name is empty, a message has a reserved name, a message of an interface is
 * missing, or `unwindTimeout` is no duration.
 *
 * - `args`: what a server is started with. Default: nothing.
 * - `protocol`: its messages.
 * - `info`: the schema of plain messages it takes by `Process.send`. Default: none.
 * - `mailbox`: its bound. Default: none.
 * - `unwindTimeout`: how long the finalizers of its servers may take before they count as ended all the same. Default: 5 seconds.
 * - `interfaces`: other contracts whose messages are messages of this one too, each the very same value: refs of those contracts
 *   can be used with its servers. Default: none, and then messages of other contracts never reach a handler.
 * - `inspect`: what reports, events and errors show of its servers: a function gives what is shown in place of a state;
 *   `{ state, message, args }` are such hooks for states, payloads of messages and arguments. As soon as there is one, what
 *   has none is not shown at all. A hook that throws does no harm: the report says so. Default: all is shown, cut to 2,000
 *   characters each.
 *
 *   ```ts
 *   inspect: {
 *     state: (account: Account) => ({ ...account, password: "…" }),
 *     message: ({ name, payload }) => (name === "logIn" ? payload.user : payload),
 *     args: ({ user }) => ({ user })
 *   }
 *   ```
 *
 *   Only values are hidden so: the names of messages are shown, and so is the reason of a crash.
 */
export const define = <
  const P extends Protocol,
  const A extends Fields = {},
  M extends Schema.Top = typeof Schema.Never
>(
  name: string,
  options: {
    readonly protocol: P
    readonly args?: A
    readonly info?: M
    readonly mailbox?: Bounds
    readonly unwindTimeout?: Duration.Input
    readonly interfaces?: ReadonlyArray<AnyContract>
    readonly inspect?: Inspect<P, A, M["Type"]>
  }
): Contract<P, A, M["Type"]> => {
  checkName("GenServer.define", name)
  for (const tag of Object.keys(options.protocol)) {
    if (!reservedTags.has(tag)) continue
    throw new RangeError(`GenServer.define: ${name}: refs have a "${tag}" of their own. Give the message another name`)
  }
  const { info, inspect, interfaces = [], mailbox, protocol, unwindTimeout } = options
  if (info !== undefined) addMailboxSchema(info)
  checkInspect(name, inspect)
  limitOf(unwindTimeout, `GenServer.define: ${name}: unwindTimeout`)
  // Without args `A` is `{}`
  const args = Schema.Struct(options.args ?? ({} as A))
  const methods = methodsOf(protocol)
  const codec = new ContractCodec(
    new ContractId(name, () => contract["~internals"].fingerprint),
    methods,
    info === undefined ? undefined : valueCodec(info),
    interfaces.map((other) => interfaceOf(name, protocol, methods, other))
  )
  const refs = refFactory<P>(name, methods, codec)
  const contract: Contract<P, A, M["Type"]> = {
    name,
    protocol,
    args,
    mailbox,
    unwindTimeout,
    named: (registered) => refs.at(new Name("", checkName(`${name}.named`, registered), codec)),
    at: refs.pid,
    ref: refSchema(name, refs, codec),
    implement: (spec) => implement(contract, spec),
    "~internals": {
      codec,
      methods,
      refs,
      argsCodec: valueCodec(args),
      inspector: inspectorOf(inspect),
      get fingerprint() {
        return contractFingerprint(contract, info)
      }
    }
  }
  return contract
}

/** The messages of `other`, as a contract that has them too takes them. */
const interfaceOf = (
  name: string,
  protocol: Protocol,
  methods: ReadonlyArray<Method>,
  other: AnyContract
): Interface => {
  // `AnyContract` has lost the protocol's own type
  const own = Object.entries(other.protocol as Protocol).map(([tag, method]) => {
    const found = protocol[tag] === method ? methods.find((one) => one.tag === tag) : undefined
    if (found !== undefined) return found
    throw new RangeError(
      `GenServer.define: ${name} has the interface ${other.name}, so its protocol needs the message "${tag}" of that contract, the same value`
    )
  })
  return { codec: other["~internals"].codec, methods: own }
}

const contractFingerprint = (contract: AnyContract, info: Schema.Top | undefined): string => {
  const schemas: Record<string, Schema.Top> = { args: contract.args }
  // `AnyContract` has lost the protocol's own type
  for (const [tag, method] of Object.entries(contract.protocol as Protocol)) {
    schemas[`${tag} payload`] = method.payload
    if (method._tag === "Call") {
      schemas[`${tag} success`] = method.success
      schemas[`${tag} error`] = method.error
    }
  }
  if (info !== undefined) schemas.info = info
  return fingerprint(contract.name, schemas)
}

const refSchema = <P extends Protocol>(
  name: string,
  refs: RefFactory<P>,
  codec: MessageCodec
): Schema.Codec<Ref<P>, Ref<P>> =>
  Schema.declare((value: unknown): value is Ref<P> => refs.is(value), {
    expected: `Ref<${name}>`,
    [wireAnnotation]: {
      name: `ref of ${name}`,
      is: refs.is,
      // `as Ref`: leaves write values of their schema
      write: (ref, writer) => writeAddress(writer, (ref as Ref<P>).address),
      read: (reader) => refs.at(readAddress(reader, codec))
    } satisfies Leaf,
    toCodecJson: () =>
      Schema.link<Ref<P>>()(
        Schema.Array(Schema.String),
        SchemaTransformation.transformEffect<Ref<P>, ReadonlyArray<string>>({
          decode: ([first = "", second], options) => {
            if (second !== undefined) return Effect.succeed(refs.at(new Name(first, second, codec)))
            const pid = (text: string) => parse(text, codec)
            return Effect.map(ofThisSystem(first, "a pid", pid, options), refs.at)
          },
          // A name is of no system: it is resolved where it is used
          encode: ({ address }, options) =>
            address instanceof Name
              ? Effect.succeed([address.table, address.key])
              : Effect.map(withSystemId(address.toString(), options), (text) => [text])
        })
      )
  })

const implement = <P extends Protocol, A extends Fields, M, S, R>(
  contract: Contract<P, A, M>,
  spec: unknown
): Implementation<P, A, S, R> => {
  const { argsCodec, codec, fingerprint, inspector, refs } = contract["~internals"]
  // The loop is written once for all states and protocols; what it hands back to a callback is what it got from it
  const callbacks = spec as Callbacks
  const handlers = contract["~internals"].methods.map((method) => callbacks.handle[method.tag])
  const kind = { contract: contract.name, callbacks, handlers, inspector, self: refs.pid }
  const definition: Definition = {
    name: contract.name,
    fingerprint,
    codec,
    args: argsCodec,
    mailbox: contract.mailbox,
    unwindTimeout: contract.unwindTimeout,
    showArgs: inspector.args,
    uses: [],
    body: (args, started, name) => new ServerLoop(kind, { args, started, name })
  }
  return {
    // `M` only matters to senders and to `info`
    contract: contract as unknown as Contract<P, A, never>,
    definition,
    step: (tag, state, ...payload) => callbacks.handle[tag]?.(state, ...payload),
    // Only a type
    "~R": undefined as never
  }
}
