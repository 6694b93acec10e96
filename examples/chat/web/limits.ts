// The protocol's limits, for the page. A copy, since the page loads nothing from the server's sources; the type makes the
// compiler refuse it when the two differ.
import type { Limits } from "../src/protocol.ts"

export const limits: Limits = {
  nameLength: 32,
  roomLength: 32,
  textLength: 2000,
  frameBytes: 65_536,
  historyLength: 100,
  treeChildren: 50,
  pingEvery: 10_000,
  silence: 30_000,
  backstageEvery: 500
}
