/**
 * Random programs: what is done first, one command after the other, and what each of several clients does after that, side by side.
 * Payloads come from the contract's schemas, unless the model says otherwise.
 */

import type { AnyContract, Call, Cast, Fields, Protocol } from "@understudy/core/GenServer"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { type Command, setupClient } from "./History.ts"
import { fromSchema } from "./SchemaArbitrary.ts"

/** The payload of a message of a protocol. */
export type PayloadOf<M> = M extends { readonly payload: infer S extends Schema.Top } ? S["Type"] : never

/** How payloads of a message are made: all of it, or some fields, the others by their schemas. */
export type PayloadArbitrary<M> =
  | fc.Arbitrary<PayloadOf<M>>
  | { readonly [F in keyof PayloadOf<M>]?: fc.Arbitrary<PayloadOf<M>[F]> }

/** What clients do. */
export interface Program {
  /** Done first, in order, by one process. */
  readonly prefix: ReadonlyArray<Command>
  /** What each client does, side by side. */
  readonly clients: ReadonlyArray<ReadonlyArray<Command>>
}

/** How large random programs are. */
export interface ProgramOptions {
  /** How many clients there are at most, from 1 on. Default 3. Failing programs shrink to fewer. */
  readonly clients?: number | undefined
  /** How many commands each client gives at most. Default 4. */
  readonly length?: number | undefined
  /** How many commands are given before the clients start, at most. Default 4. */
  readonly prefix?: number | undefined
}

/** How often a command is chosen, and how its payloads are made. */
export interface CommandOptions {
  readonly payload?: PayloadArbitrary<never> | undefined
  readonly weight?: number | undefined
}

const methodOf = (contract: AnyContract, tag: string): Cast<Fields> | Call<Fields, Schema.Top, Schema.Top> => {
  const protocol: Protocol = contract.protocol
  const method = Object.hasOwn(protocol, tag) ? protocol[tag] : undefined
  if (method !== undefined) return method
  const known = Object.keys(protocol).join(", ")
  throw new RangeError(
    `the model of ${contract.name}: commands: expected messages of the contract (${known}); got ${tag}`
  )
}

const payloads = (
  method: Cast<Fields> | Call<Fields, Schema.Top, Schema.Top>,
  given: unknown
): fc.Arbitrary<unknown> => {
  if (given instanceof fc.Arbitrary) return given
  const { fields } = method.payload
  if (given === undefined) return Object.keys(fields).length === 0 ? fc.constant({}) : fromSchema(method.payload)
  const own = given as Readonly<Record<string, fc.Arbitrary<unknown>>>
  const stray = Object.keys(own).filter((field) => !Object.hasOwn(fields, field))
  if (stray.length > 0) {
    const known = Object.keys(fields).join(", ")
    throw new RangeError(`a model's payload: expected fields of the message (${known}); got ${stray.join(", ")}`)
  }
  const rest = fields as Readonly<Record<string, Schema.Top>>
  const others = Object.fromEntries(Object.entries(rest).filter(([field]) => !Object.hasOwn(own, field)))
  return fc
    .tuple(fromSchema(Schema.Struct(others)), fc.record(own))
    .map(([derived, chosen]) => ({ ...derived, ...chosen }))
}

/** One command of a contract. Throws a RangeError when the model names what the contract does not have. */
export const commandOf = (
  contract: AnyContract,
  commands: Readonly<Record<string, CommandOptions | undefined>>
): fc.Arbitrary<Command> => {
  const entries = Object.entries(commands).filter(([, options]) => options !== undefined)
  if (entries.length === 0) {
    throw new RangeError(
      `the model of ${contract.name}: commands: expected at least one message of the contract; got none`
    )
  }
  return fc.oneof(
    ...entries.map(([tag, options]) => ({
      weight: options?.weight ?? 1,
      arbitrary: payloads(methodOf(contract, tag), options?.payload).map((payload): Command => ({ tag, payload }))
    }))
  )
}

const count = (value: number, least: number, what: string): number => {
  if (Number.isInteger(value) && value >= least) return value
  throw new RangeError(`a model's ${what}: expected a whole number from ${least} on; got ${value}`)
}

/**
 * Programs of such commands. One that fails is shrunk: fewer clients and commands first, then fewer that run side by side, then simpler
 * payloads. Throws a RangeError when a size is no whole number.
 */
export const programOf = (command: fc.Arbitrary<Command>, options: ProgramOptions = {}): fc.Arbitrary<Program> =>
  new ProgramArbitrary(command, {
    clients: count(options.clients ?? 3, 1, "clients"),
    length: count(options.length ?? 4, 1, "length"),
    prefix: count(options.prefix ?? 4, 0, "prefix")
  })

type Made = fc.Value<Command>

/** A program whose commands can still be shrunk: the sequential prefix, then the clients. */
type Parts = readonly [prefix: ReadonlyArray<Made>, ...clients: ReadonlyArray<ReadonlyArray<Made>>]

/** fast-check's own arrays only lose elements at their beginning, so that what follows a failing command would stay. */
class ProgramArbitrary extends fc.Arbitrary<Program> {
  private readonly command: fc.Arbitrary<Command>
  private readonly sizes: Required<{ readonly [K in keyof ProgramOptions]: number }>

  constructor(command: fc.Arbitrary<Command>, sizes: Required<{ readonly [K in keyof ProgramOptions]: number }>) {
    super()
    this.command = command
    this.sizes = sizes
  }

  generate(random: fc.Random, bias: number | undefined): fc.Value<Program> {
    const { clients, length, prefix } = this.sizes
    const commands = (least: number, most: number) =>
      Array.from({ length: random.nextInt(least, most) }, () => this.command.generate(random, bias))
    const first = commands(0, prefix)
    return programFrom([first, ...Array.from({ length: random.nextInt(1, clients) }, () => commands(1, length))])
  }

  canShrinkWithoutContext(_value: unknown): _value is Program {
    return false
  }

  shrink(_value: Program, context: unknown): fc.Stream<fc.Value<Program>> {
    if (context === undefined) return fc.Stream.nil()
    return new fc.Stream(this.smaller(context as Parts)).map(programFrom)
  }

  private *smaller(parts: Parts): IterableIterator<Parts> {
    const [prefix, ...clients] = parts
    if (clients.length > 1) {
      for (const client of clients) yield [prefix, ...clients.filter((one) => one !== client)]
    }
    for (const [at, commands] of parts.entries()) {
      for (const fewer of withFewer(commands)) {
        // A client that does nothing is none
        if (fewer.length > 0 || at === 0) yield replaced(parts, at, fewer)
      }
    }
    if (clients.length > 1) yield* this.lessConcurrent(parts)
    for (const [at, commands] of parts.entries()) {
      for (const [index, { context, value }] of commands.entries()) {
        for (const simpler of this.command.shrink(value, context)) {
          yield replaced(parts, at, commands.with(index, simpler))
        }
      }
    }
  }

  /** What a client does first is done before the clients start. */
  private *lessConcurrent([prefix, ...clients]: Parts): IterableIterator<Parts> {
    for (const [index, [first, ...rest]] of clients.entries()) {
      if (first === undefined) continue
      const others = rest.length === 0 ? clients.toSpliced(index, 1) : clients.with(index, rest)
      yield [[...prefix, first], ...others]
    }
  }
}

const programFrom = (parts: Parts): fc.Value<Program> => {
  const [prefix, ...clients] = parts.map((commands) => commands.map(({ value }) => value))
  return new fc.Value({ prefix: prefix as ReadonlyArray<Command>, clients }, parts)
}

const replaced = ([prefix, ...clients]: Parts, at: number, commands: ReadonlyArray<Made>): Parts =>
  at === 0 ? [commands, ...clients] : [prefix, ...clients.with(at - 1, commands)]

/** Without some that follow each other: all, then half of them, a quarter, down to single ones. */
function* withFewer(commands: ReadonlyArray<Made>): IterableIterator<ReadonlyArray<Made>> {
  for (let size = commands.length; size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < commands.length; from += size) yield commands.toSpliced(from, size)
  }
}

/** A command, for people. */
export const showCommand = ({ payload, tag }: Command): string =>
  Object.keys(payload as object).length === 0 ? tag : `${tag} ${fc.stringify(payload)}`

/** The name of a client, for people. */
export const showClient = (client: number): string => (client === setupClient ? "setup" : `client ${client}`)

/** A program, for people: what each does on a line. */
export const showProgram = ({ clients, prefix }: Program): string =>
  [prefix, ...clients]
    .map((commands, client) => `${showClient(client)}: ${commands.map(showCommand).join("; ")}`)
    .filter((_, client) => client > 0 || prefix.length > 0)
    .join("\n")
