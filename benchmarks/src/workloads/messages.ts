/**
 * W3 to W6: messages between processes of one scheduler. There and back, around a ring, from many to one, and from all
 * to all.
 */
import { workload } from "../Workload.ts"

const rounds = { full: { rounds: 1_000_000 }, smoke: { rounds: 10_000 } }

export const messages = {
  "ping-pong": workload({
    id: "W3",
    name: "ping-pong, raw processes",
    figures: "round trips/s",
    parameters: rounds
  }),
  "ping-pong-server": workload({
    id: "W3",
    name: "ping-pong, GenServers casting",
    figures: "round trips/s",
    parameters: rounds
  }),
  "ring-1000": workload({
    id: "W4",
    name: "ring of 1,000, hops of one token",
    figures: "messages/s",
    parameters: { full: { processes: 1000, hops: 1_000_000 }, smoke: { processes: 1000, hops: 10_000 } }
  }),
  "ring-503": workload({
    id: "W4",
    name: "ring of 503, hops of one token",
    figures: "messages/s",
    parameters: { full: { processes: 503, hops: 1_000_000 }, smoke: { processes: 503, hops: 10_000 } }
  }),
  "fan-in": workload({
    id: "W5",
    name: "fan-in, 100 senders to one receiver",
    figures: "messages/s",
    parameters: { full: { senders: 100, messagesEach: 10_000 }, smoke: { senders: 100, messagesEach: 100 } }
  }),
  /** Each process pings each other one and answers each ping it gets: 2 × processes × (processes - 1) messages a game. */
  "all-to-all": workload({
    id: "W6",
    name: "all-to-all, 200 processes",
    figures: "messages/s",
    parameters: { full: { processes: 200, games: 5 }, smoke: { processes: 50, games: 2 } }
  })
}
