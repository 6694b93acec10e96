/** From addresses to processes. */

import { Alias } from "../address/Alias.ts"
import type { Address } from "../address/Name.ts"
import { isPid, type Pid } from "../address/Pid.ts"
import type { Host } from "./Host.ts"

/** The pid an address means now; `undefined` when no process has the name. */
export const resolve = (host: Host, address: Address): Pid | undefined =>
  isPid(address) ? address : address instanceof Alias ? address.pid : host.directory.whereis(address.table, address.key)
