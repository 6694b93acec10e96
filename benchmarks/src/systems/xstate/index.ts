/**
 * xstate, as a system of the comparison. What its programs do and leave out is said in `programs.ts`.
 */
import { peerSystem } from "../PeerPrograms.ts"
import { programs } from "./programs.ts"

export const xstate = peerSystem("peer", programs)
