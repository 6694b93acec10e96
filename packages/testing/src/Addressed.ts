/** Whom a function of the kit is about. */

import type { Host } from "@understudy/core/internal/Host"
import { isPid, type Pid } from "@understudy/core/Pid"
import { type Address, Name } from "@understudy/core/Process"

/** A process: its pid, an address, the name it is registered under, a ref to it, or a probe. */
export type Addressed = Pid | Address | string | { readonly address: Address } | { readonly pid: Pid }

/** Its address. */
export const addressOf = (of: Addressed): Address => {
  if (typeof of === "string") return new Name("", of, undefined)
  if (isPid(of) || of instanceof Name) return of as Address
  return "address" in of ? of.address : ((of as { readonly pid: Pid }).pid as Address)
}

/** Its pid now, if it has one. */
export const pidOf = (host: Host, of: Addressed): Pid | undefined => {
  const address = addressOf(of)
  if (isPid(address)) return address
  const { key, table } = address as Name
  return host.directory.whereis(table, key)
}
