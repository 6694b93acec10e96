/**
 * A schedule as a text to paste: `u1.` and base64url of the schedule itself. It holds no seed, so it survives other versions of the
 * search and of fast-check. Names are listed once and referred to by number.
 */
import * as ExitReason from "@understudy/core/ExitReason"
import type { Fault } from "@understudy/core/Simulation"
import type { Deviation, Schedule } from "./Schedule.ts"

const version = "u1."

/** Deviations as arrays of numbers; names as their place in a list. */
type Packed = ReadonlyArray<number | string>

const kinds = ["Pick", "Preempt", "Disturb", "Draw", "Buggify"] as const

/** The schedule as a text. See the file's header. */
export const toToken = (schedule: Schedule): string => {
  const names: Array<string> = []
  const index = (name: string): number => {
    const at = names.indexOf(name)
    return at >= 0 ? at : names.push(name) - 1
  }
  const rows = schedule.deviations.map((deviation) => pack(deviation, index))
  return version + toBase64(JSON.stringify([names, ...rows]))
}

const pack = (deviation: Deviation, index: (name: string) => number): Packed => {
  const kind = kinds.indexOf(deviation._tag)
  switch (deviation._tag) {
    case "Pick":
      return [kind, deviation.nth, index(deviation.of), index(deviation.instead)]
    case "Preempt":
      return [kind, deviation.nth, index(deviation.of)]
    case "Draw":
      return [kind, deviation.nth, deviation.value]
    case "Buggify":
      return [kind, deviation.nth, index(deviation.name)]
    case "Disturb":
      return [kind, deviation.nth, ...packFault(deviation.fault, index)]
  }
}

const packFault = (fault: Fault, index: (name: string) => number): Packed => {
  switch (fault.kind) {
    case "kill":
      return [fault.kind, index(fault.target)]
    case "exit":
      return [fault.kind, index(fault.target)]
    case "killScheduler":
      return [fault.kind, fault.slot]
    case "hold":
      return [fault.kind, index(fault.edge), fault.steps]
    case "pause":
      return [fault.kind, fault.slot, fault.steps]
    case "delay":
      return [fault.kind, index(fault.target), fault.steps]
    case "slow":
      return [fault.kind, fault.milliseconds]
  }
}

/** A text that is no token of a schedule. */
export class InvalidToken extends Error {
  override readonly name = "InvalidToken"
}

const invalid = (token: string, cause?: unknown): InvalidToken =>
  new InvalidToken(
    `expected the token of a schedule, as a failure prints it ("${version}…"); got ${JSON.stringify(token.slice(0, 60))}`,
    { cause }
  )

/** Reads what {@link toToken} wrote. Throws {@link InvalidToken} for anything else. */
export const fromToken = (token: string): Schedule => {
  if (!token.startsWith(version)) throw invalid(token)
  try {
    const [names, ...rows] = JSON.parse(fromBase64(token.slice(version.length))) as [Array<string>, ...Array<Packed>]
    return { deviations: rows.map((row) => unpack(row, names, token)) }
  } catch (error) {
    throw error instanceof InvalidToken ? error : invalid(token, error)
  }
}

const unpack = ([kind, nth, ...rest]: Packed, names: ReadonlyArray<string>, token: string): Deviation => {
  const number = (value: unknown): number => {
    if (typeof value !== "number") throw invalid(token)
    return value
  }
  const name = (value: unknown): string => {
    const found = names[number(value)]
    if (found === undefined) throw invalid(token)
    return found
  }
  const at = number(nth)
  switch (kinds[number(kind)]) {
    case "Pick":
      return { _tag: "Pick", nth: at, of: name(rest[0]), instead: name(rest[1]) }
    case "Preempt":
      return { _tag: "Preempt", nth: at, of: name(rest[0]) }
    case "Draw":
      return { _tag: "Draw", nth: at, value: number(rest[0]) }
    case "Buggify":
      return { _tag: "Buggify", nth: at, name: name(rest[0]) }
    case "Disturb":
      return { _tag: "Disturb", nth: at, fault: unpackFault(rest, name, number, token) }
    default:
      throw invalid(token)
  }
}

const unpackFault = (
  [kind, first, second]: Packed,
  name: (value: unknown) => string,
  number: (value: unknown) => number,
  token: string
): Fault => {
  switch (kind) {
    case "kill":
      return { kind, target: name(first) }
    case "exit":
      return { kind, target: name(first), reason: ExitReason.shutdown }
    case "killScheduler":
      return { kind, slot: number(first) }
    case "hold":
      return { kind, edge: name(first), steps: number(second) }
    case "pause":
      return { kind, slot: number(first), steps: number(second) }
    case "delay":
      return { kind, target: name(first), steps: number(second) }
    case "slow":
      return { kind, milliseconds: number(first) }
    default:
      throw invalid(token)
  }
}

const toBase64 = (text: string): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(text)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "")

const fromBase64 = (text: string): string =>
  new TextDecoder("utf-8", { fatal: true }).decode(
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0))
  )
