/** All interleavings of a writer and a reader of one channel, on a model of it: see `ChannelModel.ts`. */
import { afterAll, describe, expect, it } from "vitest"
import { explore, type Mistakes, type Scenario, type Sent } from "./ChannelModel.ts"

/** All sequences of `length` of `values`. */
const sequences = <A>(values: ReadonlyArray<A>, length: number): ReadonlyArray<ReadonlyArray<A>> =>
  length === 0 ? [[]] : sequences(values, length - 1).flatMap((rest) => values.map((value) => [...rest, value]))

/** For the smallest ring that takes a word: all that fits it, and what does not. */
const records: ReadonlyArray<Sent> = [0, 1, "port"]

const findsIn = (scenarios: ReadonlyArray<Scenario>, mistakes: Mistakes): (() => void) => {
  return () => {
    for (const scenario of scenarios) explore({ ...scenario, mistakes })
  }
}

/** `npm run soak` tries more. */
const more = process.env.CHANNEL_MODEL === "more"

const short = [1, 2].flatMap((flushEvery) => sequences(records, 2).map((sent) => ({ capacity: 4, sent, flushEvery })))
const long = (more ? [1, 3] : [1]).flatMap((flushEvery) =>
  sequences(records, 3)
    .filter(([first]) => more || first === 1)
    .map((sent) => ({ capacity: 4, sent, flushEvery }))
)
const full: ReadonlyArray<ReadonlyArray<Sent>> = [[1, 1, 1, 1], [1, "port", 1, 0], ...(more ? [[1, 0, 1, 0, 1]] : [])]

/** All of it takes 12 seconds where nothing else runs; with more, a minute. */
const patience = 120_000

/** How much was tried in all. */
let tried = { scenarios: 0, states: 0, kills: 0 }

const exploreAll = (scenario: Scenario) => {
  const { kills, states } = explore(scenario)
  tried = { scenarios: tried.scenarios + 1, states: tried.states + states, kills: tried.kills + kills }
  return { kills, states }
}

afterAll(() => {
  console.log(`channel model: ${tried.scenarios} scenarios, ${tried.states} states, ${tried.kills} kills`)
})

describe("A channel's protocol, every step of the writer against every step of the reader", () => {
  it(
    "delivers whole records in order, loses no wake-up and leaves nothing torn behind a writer that is killed",
    () => {
      for (const scenario of [...short, ...long]) {
        const { kills, states } = exploreAll(scenario)
        // Most of them are reached only by switching between the two in the middle of what they do
        expect(states).toBeGreaterThan(100)
        expect(kills).toBeGreaterThan(20)
      }
    },
    patience
  )

  it(
    "does so when the ring is full, wraps, and the writer waits for room",
    () => {
      for (const sent of full) {
        for (const flushEvery of more ? [1, 2, 5] : [1]) {
          expect(exploreAll({ capacity: 4, sent, flushEvery }).states).toBeGreaterThan(500)
        }
      }
    },
    patience
  )

  const mistakes: ReadonlyArray<readonly [keyof Mistakes, RegExp]> = [
    ["publishEarly", /holds/],
    ["noEnd", /holds/],
    ["releaseEarly", /holds/],
    ["noSecondLook", /both sleep/],
    ["noLastLook", /both sleep/],
    ["noLastRelease", /both sleep/],
    ["postLate", /the port held/]
  ]
  const wrong = [1, 5].map((flushEvery) => ({ capacity: 4, sent: [1, 1, 1, "port", 1] as const, flushEvery }))
  for (const [mistake, told] of mistakes) {
    it(`would be found wrong with the mistake ${mistake}`, () => {
      expect(findsIn(wrong, { [mistake]: true })).toThrow(told)
    })
  }
})
