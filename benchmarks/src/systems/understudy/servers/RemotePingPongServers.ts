/**
 * The ping-pong of W15, between servers on two schedulers: as in W3, but with messages that look like an application's
 * (a number, an address, a text), since between schedulers their size matters.
 */
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { number, text } from "../../../Parcel.ts"

/** Sends pings, one at a time, to a server it starts on another scheduler. */
export const RemotePinger = GenServer.define("benchmarks/RemotePinger", {
  args: { partnerOn: Schema.Int },
  protocol: {
    /** Plays so many round trips and answers with how many there were. */
    play: GenServer.call({ payload: { rounds: Schema.Int }, success: Schema.Int }),
    pong: GenServer.cast({ number: Schema.Int, from: Process.anyPid, text: Schema.String })
  }
})

/** Answers each ping with what it got. */
export const RemotePonger = GenServer.define("benchmarks/RemotePonger", {
  protocol: { ping: GenServer.cast({ number: Schema.Int, from: RemotePinger.ref, text: Schema.String }) }
})

type RemotePongerRef = GenServer.Ref<(typeof RemotePonger)["protocol"]>

export interface Game {
  readonly ponger: RemotePongerRef
  readonly rounds: number
  readonly played: number
  readonly player: GenServer.From<number, never> | undefined
}

export const RemotePingerLive = RemotePinger.implement({
  init: ({ partnerOn }) =>
    Effect.map(
      GenServer.startLink(RemotePonger, {}, { on: { scheduler: partnerOn } }),
      (ponger): Game => ({ ponger, rounds: 0, played: 0, player: undefined })
    ),
  handle: {
    play: ({ ponger }, { rounds }, { from, self }) =>
      Effect.as(
        ponger.ping({ number, from: self, text }),
        GenServer.noReply<Game>({ ponger, rounds, played: 0, player: from })
      ),
    pong: (game, _, { self }) => {
      const { player, ponger, rounds } = game
      const played = game.played + 1
      const next: Game = { ponger, rounds, played, player }
      if (played < rounds) return Effect.as(ponger.ping({ number, from: self, text }), next)
      return player === undefined ? next : Effect.as(GenServer.replyTo(player, played), next)
    }
  }
})

export const RemotePongerLive = RemotePonger.implement({
  init: () => null,
  handle: {
    ping: (state, message, { pid }) =>
      Effect.as(message.from.pong({ number: message.number, from: pid, text: message.text }), state)
  }
})
