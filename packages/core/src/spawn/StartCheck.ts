/**
 * Validation of the options of a start, before any process is started.
 */

import type * as Duration from "effect/Duration"
import { names } from "../address/Directory.ts"
import { Name } from "../address/Name.ts"
import { isPid } from "../address/Pid.ts"
import { showGiven } from "../base/Inspect.ts"
import { expectedDuration, wholeMilliseconds } from "../base/Milliseconds.ts"
import { isName } from "../base/NameCheck.ts"
import type { Host, Placement } from "../process/Host.ts"
import { StartError } from "./StartError.ts"

/** The validated options. */
export interface Given {
  readonly name?: string | Name | undefined
  readonly on?: Placement | undefined
  readonly timeout?: Duration.Input | undefined
  readonly unwindTimeout?: Duration.Input | undefined
}

type Facts = Omit<ConstructorParameters<typeof StartError>[0], "contract">

/** The error of invalid options; `undefined` when they are valid. Checks only the given ones. */
export const refusal = (host: Host, contract: string, options: Given): StartError | undefined => {
  const { name, on, timeout, unwindTimeout } = options
  const facts =
    (name === undefined ? undefined : wrongName(name)) ??
    (on === undefined || on === "here" ? undefined : wrongPlacement(host, on)) ??
    (timeout === undefined ? undefined : wrongTimeout("timeout", timeout)) ??
    (unwindTimeout === undefined ? undefined : wrongTimeout("unwindTimeout", unwindTimeout))
  return facts && new StartError({ contract, ...facts })
}

const invalidOption = (option: string, expected: string, given: unknown): Facts => ({
  problem: "invalid-option",
  option,
  expected,
  given: showGiven(given)
})

const wrongName = (name: string | Name): Facts | undefined => {
  // A key of a registry is text too, and may be empty
  const valid = name instanceof Name ? isName(name.key) || name.table !== names : isName(name)
  return valid ? undefined : { problem: "invalid-name", given: showGiven(name) }
}

const placements = `"here", "least-loaded", "any", { scheduler: number } or { near: pid }`

const wrongPlacement = (host: Host, on: Placement): Facts | undefined => {
  if (on === "least-loaded" || on === "any") return undefined
  const slot = typeof on === "object" && on !== null ? slotOf(on) : undefined
  if (typeof slot !== "number") return invalidOption("on", placements, on)
  const exists = Number.isInteger(slot) && slot >= 0 && slot < host.slots
  return exists ? undefined : { problem: "no-such-scheduler", scheduler: slot, schedulers: host.slots }
}

const slotOf = (on: Exclude<Placement, string>): unknown => {
  if ("scheduler" in on) return on.scheduler
  return isPid(on.near) ? on.near.slot : undefined
}

const wrongTimeout = (option: "timeout" | "unwindTimeout", timeout: Duration.Input): Facts | undefined =>
  wholeMilliseconds(timeout) === undefined ? invalidOption(option, expectedDuration, timeout) : undefined
