/**
 * W9 on several threads without any system: one message to each other isolate and one back, and the same part of the work
 * done by each thread. What this gains over one thread is what the machine has to give, at the time it is measured.
 */
import { once } from "node:events"
import { Worker } from "node:worker_threads"
import type { StartOptions } from "../../System.ts"
import { check, expectedFib, type PeerParameters, ratePerSecond } from "../PeerPrograms.ts"
import { compute, type Done, type Order } from "./computer.ts"

/** Has a thread do an order, and gives how many of its results were right. */
const computeOn = async (worker: Worker, order: Order): Promise<Done> => {
  const answer = once(worker, "message")
  worker.postMessage(order)
  const [right] = await answer
  // computer.ts sends nothing else
  return right as Done
}

/** Computes all of it on this thread and, where there are any, on workers; gives how many results were right. */
const computeWith = async (workers: ReadonlyArray<Worker>, { expected, n, times }: Order): Promise<number> => {
  const each = Math.floor(times / (workers.length + 1))
  const answers = workers.map((worker) => computeOn(worker, { n, times: each, expected }))
  let right = compute({ n, times: times - each * workers.length, expected })
  for (const answer of answers) right += await answer
  return right
}

/** See the file's header. */
export const onAll = async (
  { fib: n, processes, turns }: PeerParameters["parallel-cpu-2"],
  { schedulers }: Pick<StartOptions, "schedulers">
) => {
  const order: Order = { n, times: processes, expected: expectedFib(n) }
  const workers = Array.from({ length: schedulers - 1 }, () => new Worker(new URL("./computer.ts", import.meta.url)))
  try {
    // A new isolate has yet to compile the function: the schedulers of a system live on from round to round
    await computeWith(workers, order)
    let right = 0
    let secondsOnOne = 0
    let secondsOnAll = 0
    for (let turn = 0; turn < turns; turn++) {
      for (const isAll of [false, true]) {
        const perSecond = await ratePerSecond(processes, async () => {
          right += await computeWith(isAll ? workers : [], order)
        })
        if (isAll) secondsOnAll += 1 / perSecond
        else secondsOnOne += 1 / perSecond
      }
    }
    check("right results", 2 * turns * processes, right)
    return { rate: turns / secondsOnAll, speedup: secondsOnOne / secondsOnAll }
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}
