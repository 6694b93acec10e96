/**
 * The workloads on Effect alone, as somebody who knows it well writes them: `Queue`s as mailboxes, detached fibers as
 * processes, `Deferred`s for replies. It has no supervisors, links, registries, selective
 * receive or validation to measure, and one core.
 */
import type { PeerPrograms } from "../PeerPrograms.ts"
import { messages } from "./messages.ts"
import { processes } from "./processes.ts"
import { time } from "./time.ts"

/** See the file's header. */
export const programs: PeerPrograms = { ...processes, ...messages, ...time }
