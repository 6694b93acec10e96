/**
 * W15: messages between two schedulers, which carry a number, an address and a short text, since their size matters
 * there. One way, as fast as one process can send; and there and back, one at a time.
 */
import { workload } from "../Workload.ts"

const messages = { full: { messages: 1_000_000 }, smoke: { messages: 10_000 } }
const rounds = { full: { rounds: 500_000 }, smoke: { rounds: 1_000 } }

export const crossScheduler = {
  "cross-one-way": workload({
    id: "W15",
    name: "to another scheduler, raw processes",
    figures: "messages/s",
    schedulers: 2,
    parameters: messages
  }),
  "cross-one-way-server": workload({
    id: "W15",
    name: "cast to a GenServer on another scheduler",
    figures: "messages/s",
    schedulers: 2,
    parameters: messages
  }),
  "cross-ping-pong": workload({
    id: "W15",
    name: "ping-pong between schedulers, raw processes",
    figures: "round trips/s",
    schedulers: 2,
    parameters: rounds
  }),
  "cross-ping-pong-server": workload({
    id: "W15",
    name: "ping-pong between schedulers, GenServers",
    figures: "round trips/s",
    schedulers: 2,
    parameters: rounds
  })
}
