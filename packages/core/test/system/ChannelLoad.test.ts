/**
 * Channels between two isolates under load: rings of all sizes, both ways of ringing, workers that are killed. For
 * `CHANNEL_LOAD_SECONDS` (default 3), from the seed `SEED` (default: another each time; it is printed).
 */
import { once } from "node:events"
import { expect, it } from "vitest"
import { streams } from "./streams.ts"

const seconds = Number(process.env.CHANNEL_LOAD_SECONDS ?? 3)
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)

/** Numbers from 0 to below `limit`, the same for the same seed. */
const randomFrom = (start: number) => {
  let state = start >>> 0
  return (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

/** Streams both ways until both sides have everything. Returns how many records there were. */
const complete = async (told: string, round: number, capacity: number, awake: boolean): Promise<number> => {
  const count = 20_000
  const { exited, failed, near, worker } = streams({ seed: seed + round, count, expected: count, capacity, awake })
  const workerReceived = once(worker, "message")
  near.start()
  await Promise.race([Promise.all([near.received, workerReceived]), failed])
  expect(near.receivedCount, told).toBe(count)
  worker.postMessage("end")
  expect(await exited, told).toEqual([0])
  near.close()
  return 2 * count
}

/** Kills the worker in the midst of its stream. Returns how many records had come. */
const killed = async (
  told: string,
  round: number,
  capacity: number,
  after: number,
  awake: boolean
): Promise<number> => {
  const endless = { seed: seed + round, count: 0x7fffffff, expected: 0, capacity, awake }
  const { exited, failed, near, progress, worker } = streams(endless)
  const ended = Promise.withResolvers<void>()
  near.onRecord = (received) => {
    if (received === after) worker.terminate().then(() => ended.resolve(), ended.reject)
  }
  near.start()
  await Promise.race([ended.promise, failed])
  await exited
  near.drain()
  expect(near.receivedCount, told).toBeGreaterThanOrEqual(Atomics.load(progress, 0))
  expect(near.receivedCount, told).toBeLessThanOrEqual(Atomics.load(progress, 1))
  near.close()
  return near.receivedCount
}

it(
  "channels lose nothing, reorder nothing and tear nothing under load",
  async () => {
    const random = randomFrom(seed)
    const started = performance.now()
    let records = 0
    let rounds = 0
    for (; rounds === 0 || performance.now() - started < seconds * 1000; rounds++) {
      const capacity = 1 << (8 + random(13))
      const awake = random(2) === 0
      const after = 1 + random(20_000)
      const told = `SEED=${seed}, round ${rounds}, capacity ${capacity}, awake ${awake}`
      records += await (random(3) === 0
        ? killed(`${told}, killed at ${after}`, rounds, capacity, after, awake)
        : complete(told, rounds, capacity, awake))
    }
    console.log(`channel load: SEED=${seed}, ${rounds} rounds, ${records} records`)
  },
  seconds * 1000 + 120_000
)
