/**
 * W7: calls to one GenServer, from one client and from a hundred at once, each with the default timeout running; and
 * casts, followed by one call that is answered when all of them were handled.
 * W8: what a reply costs that is received selectively while 10,000 other messages wait: of a call, whose reply has an
 * address of its own; and of a receive that looks for its tag among them.
 */
import { workload } from "../Workload.ts"

export const calls = {
  "call-1": workload({
    id: "W7",
    name: "call, 1 client",
    figures: "operations/s",
    parameters: { full: { clients: 1, callsEach: 1_000_000 }, smoke: { clients: 1, callsEach: 10_000 } }
  }),
  "call-100": workload({
    id: "W7",
    name: "call, 100 clients",
    figures: "operations/s",
    parameters: { full: { clients: 100, callsEach: 10_000 }, smoke: { clients: 100, callsEach: 100 } }
  }),
  cast: workload({
    id: "W7",
    name: "cast, then one call",
    figures: "messages/s",
    parameters: { full: { casts: 1_000_000 }, smoke: { casts: 10_000 } }
  }),
  "call-behind-10k": workload({
    id: "W8",
    name: "call, 10,000 messages waiting",
    figures: "operations/s",
    parameters: { full: { waiting: 10_000, calls: 200_000 }, smoke: { waiting: 10_000, calls: 2_000 } }
  }),
  "receive-tag-behind-10k": workload({
    id: "W8",
    name: "receive by tag, 10,000 messages waiting",
    figures: "round trips/s",
    parameters: { full: { waiting: 10_000, rounds: 5_000 }, smoke: { waiting: 10_000, rounds: 100 } }
  })
}
