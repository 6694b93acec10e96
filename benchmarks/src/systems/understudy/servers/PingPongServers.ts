/**
 * Two servers that cast to each other: the ping-pong of W3, between GenServers.
 */
import * as GenServer from "@understudy/core/GenServer"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** Sends pings, one at a time, and starts the server it sends them to. */
export const Pinger = GenServer.define("benchmarks/Pinger", {
  protocol: {
    /** Plays so many round trips and answers with how many there were. */
    play: GenServer.call({ payload: { rounds: Schema.Int }, success: Schema.Int }),
    pong: GenServer.cast()
  }
})

/** Answers each ping with a pong. */
export const Ponger = GenServer.define("benchmarks/Ponger", {
  protocol: { ping: GenServer.cast({ from: Pinger.ref }) }
})

type PongerRef = GenServer.Ref<(typeof Ponger)["protocol"]>

export interface Game {
  readonly ponger: PongerRef
  readonly rounds: number
  readonly played: number
  readonly player: GenServer.From<number, never> | undefined
}

export const PingerLive = Pinger.implement({
  init: () =>
    Effect.map(GenServer.startLink(Ponger), (ponger): Game => ({ ponger, rounds: 0, played: 0, player: undefined })),
  handle: {
    play: ({ ponger }, { rounds }, { from, self }) =>
      Effect.as(ponger.ping({ from: self }), GenServer.noReply<Game>({ ponger, rounds, played: 0, player: from })),
    pong: (game, { self }) => {
      const { player, ponger, rounds } = game
      const played = game.played + 1
      const next: Game = { ponger, rounds, played, player }
      if (played < rounds) return Effect.as(ponger.ping({ from: self }), next)
      return player === undefined ? next : Effect.as(GenServer.replyTo(player, played), next)
    }
  }
})

export const PongerLive = Ponger.implement({
  init: () => null,
  handle: { ping: (state, { from }) => Effect.as(from.pong(), state) }
})
