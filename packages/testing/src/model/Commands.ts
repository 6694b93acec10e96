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
 * Programs of such commands. One that fails is shrunk by fast-check: fewer commands and clients first, then simpler payloads. Throws
 * a RangeError when a size is no whole number.
 */
export const programOf = (command: fc.Arbitrary<Command>, options: ProgramOptions = {}): fc.Arbitrary<Program> => {
  const clients = count(options.clients ?? 3, 1, "clients")
  const length = count(options.length ?? 4, 1, "length")
  const prefix = count(options.prefix ?? 4, 0, "prefix")
  // The sizes are asked for by the model's user and are small: fast-check is not to choose smaller ones
  const size = "max"
  return fc.record({
    prefix: fc.array(command, { maxLength: prefix, size }),
    clients: fc.array(fc.array(command, { minLength: 1, maxLength: length, size }), {
      minLength: 1,
      maxLength: clients,
      size
    })
  })
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
