/**
 * `npm run bench -- simulation`: how many simulations a second one core makes, of a small program (two servers on two schedulers, up to 20
 * steps) and of a long one, in plain order and under random schedules, on one world that is used again and on a new one each time. CPU time,
 * the best of several rounds, since others may use the machine as well.
 *
 * `--rounds N`: default 5. `--milliseconds N`: of each round, default 1000.
 */
import { parseArgs } from "node:util"
import { GenServer, Process } from "@understudy/core"
import * as Simulation from "@understudy/core/Simulation"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const Cell = GenServer.define("bench/Cell", {
  protocol: {
    get: GenServer.call({ success: Schema.Int }),
    set: GenServer.call({ payload: { to: Schema.Int } })
  }
})

const CellLive = Cell.implement({
  init: () => 0,
  handle: {
    get: (state: number) => GenServer.reply(state, state),
    set: (_, { to }) => GenServer.reply(undefined, to)
  }
})

const program = { implementations: [CellLive] }

/** Two servers, one on each of two schedulers. */
const small: Simulation.Body = function* () {
  const near = yield* GenServer.start(Cell)
  const far = yield* GenServer.start(Cell, {}, { on: { scheduler: 1 } })
  yield* far.set({ to: yield* near.get() })
}

/** Three clients that read and write four servers on two schedulers. */
const long: Simulation.Body = function* (self) {
  const cells = yield* Effect.forEach([0, 1, 0, 1], (scheduler) => GenServer.start(Cell, {}, { on: { scheduler } }))
  const client = Effect.gen(function* () {
    for (const cell of cells) yield* cell.set({ to: (yield* cell.get()) + 1 })
  })
  for (let left = 3; left > 0; left--) yield* Process.spawnMonitor(Schema.Never, () => client)
  for (let left = 3; left > 0; left--) yield* self.receive
}

const random = (seed: number): Simulation.Chooser => {
  let state = seed
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return (state >>> 8) / 2 ** 24
  }
  return {
    pick: ({ ready, timer }) => Math.floor(next() * (ready.length + (timer ? 1 : 0))),
    preempt: () => next() < 0.1,
    fault: () => undefined,
    draw: (bound) => Math.floor(next() * bound)
  }
}

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, milliseconds: { type: "string", default: "1000" } }
})
const rounds = Number(values.rounds)
const milliseconds = Number(values.milliseconds)

/** Simulations a second of CPU time. */
const measure = (one: (index: number) => void): number => {
  let best = 0
  for (let round = 0; round <= rounds; round++) {
    const cpu = process.cpuUsage()
    const start = performance.now()
    let count = 0
    while (performance.now() - start < milliseconds) for (let left = 50; left > 0; left--) one(count++)
    const { system, user } = process.cpuUsage(cpu)
    // The first one warms up
    if (round > 0) best = Math.max(best, count / ((system + user) / 1e6))
  }
  return best
}

await Effect.runPromise(Simulation.prepare)

const make = () => Simulation.world({ schedulers: 2, program })
const world = make()
const check = ({ ending, steps }: Simulation.Run): number => {
  if (ending._tag !== "Done") throw new Error(`the simulated program has ended as ${ending._tag}`)
  return steps
}

console.log(
  `${"program".padEnd(44)}  ${"steps".padStart(6)}  ${"simulations/s".padStart(14)}  ${"µs a step".padStart(10)}`
)
for (const [name, body] of [
  ["small: two servers, two schedulers", small],
  ["long: three clients, four servers", long]
] as const) {
  const kinds = [
    ["plain", () => check(world.run(body, Simulation.plain))],
    ["random", (seed: number) => check(world.run(body, random(seed)))],
    ["plain, a new world each", () => check(make().run(body, Simulation.plain))]
  ] as const
  for (const [kind, one] of kinds) {
    const steps = one(1)
    const perSecond = measure(one)
    const figures = [
      String(steps).padStart(6),
      Math.round(perSecond).toLocaleString("en-US").padStart(14),
      (1e6 / perSecond / steps).toFixed(1).padStart(10)
    ]
    console.log(`${`${name}, ${kind}`.padEnd(44)}  ${figures.join("  ")}`)
  }
}
