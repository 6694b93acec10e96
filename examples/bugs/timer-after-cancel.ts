/** A lease that a timer ends: when it is renewed, the old timer's message may be in the mailbox already. */

import assert from "node:assert/strict"
import { GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type Bug, concurrently, disorder, serve } from "./support.ts"

/** Much longer than any process is held up. */
const period = 1000

const Expire = Schema.TaggedStruct("Expire", { round: Schema.Int })
type Expire = typeof Expire.Type

const protocol = {
  /** Whether the lease was still valid, and is for another period. */
  renew: GenServer.call({ success: Schema.Boolean }),
  isValid: GenServer.call({ success: Schema.Boolean })
}

interface State {
  readonly valid: boolean
  readonly round: number
  readonly timer: Process.TimerRef
}

/** Sends the calling server `Expire` after a period. */
const expireLater = (round: number) =>
  Effect.flatMap(Process.self, (self) =>
    // The server's own mailbox takes it
    Process.sendAfter(self as Process.Pid<Expire>, { _tag: "Expire", round }, period)
  )

const init = Effect.map(expireLater(0), (timer): State => ({ valid: true, round: 0, timer }))

const renew = (state: State) =>
  Effect.gen(function* () {
    if (!state.valid) return GenServer.reply(false, state)
    yield* Process.cancelTimer(state.timer)
    const round = state.round + 1
    return GenServer.reply(true, { ...state, round, timer: yield* expireLater(round) })
  })

const terminate = ({ timer }: State) => Effect.asVoid(Process.cancelTimer(timer))

const Lease = GenServer.define("bugs/Lease", { args: {}, protocol, info: Expire })
/** Takes every `Expire` for its last timer's, since it has cancelled all others. */
const LeaseLive = Lease.implement({
  init: () => init,
  handle: { renew, isValid: (state) => GenServer.reply(state.valid, state) },
  info: (state) => ({ ...state, valid: false }),
  terminate
})

const RoundLease = GenServer.define("bugs/RoundLease", { args: {}, protocol, info: Expire })
/** Knows which timer an `Expire` is of. */
const RoundLeaseLive = RoundLease.implement({
  init: () => init,
  handle: { renew, isValid: (state) => GenServer.reply(state.valid, state) },
  info: (state, message) =>
    message._tag === "Expire" && message.round === state.round ? { ...state, valid: false } : state,
  terminate
})

const program = (contract: typeof Lease) =>
  function* () {
    const lease = yield* serve(contract)
    const { holder } = yield* concurrently({
      holder: Effect.gen(function* () {
        yield* Process.sleep(period - 1)
        const renewed = yield* lease.renew()
        return { renewed, valid: yield* lease.isValid() }
      })
    })
    // To be late is allowed; what was renewed is valid
    if (holder.renewed) assert(holder.valid, "a lease that was renewed is valid for another period")
  }

export const bug: Bug = {
  name: "timer-after-cancel",
  title: "A timer has fired before it is cancelled, and its message is handled after that",
  schedulers: 1,
  implementations: [LeaseLive, RoundLeaseLive],
  bears: disorder,
  wrong: program(Lease),
  right: program(RoundLease)
}
