/**
 * W9 on two threads without any system: one message to a second isolate and one back, and half of the work done by each.
 * What this gains over one thread is what the machine has to give, at the time it is measured.
 */
import { once } from "node:events"
import { performance } from "node:perf_hooks"
import { Worker } from "node:worker_threads"
import { sharesOf } from "../../measure.ts"
import { check, expectedFib, type PeerParameters } from "../PeerPrograms.ts"
import { compute, type Done, type Order } from "./computer.ts"

/** Has a thread do an order, and gives how many of its results were right. */
const computeOn = async (worker: Worker, order: Order): Promise<Done> => {
  const answer = once(worker, "message")
  worker.postMessage(order)
  const [right] = await answer
  // computer.ts sends nothing else
  return right as Done
}

/** See the file's header. */
export const onTwo = async ({ fib: n, processes }: PeerParameters["parallel-cpu-2"]) => {
  const expected = expectedFib(n)
  const worker = new Worker(new URL("./computer.ts", import.meta.url))
  try {
    // A new isolate has yet to compile the function: the schedulers of a system live on from round to round
    await computeOn(worker, { n, times: processes, expected })
    let right = 0
    let one = 0
    let two = 0
    for (const share of sharesOf(processes)) {
      const start = performance.now()
      right += compute({ n, times: share, expected })
      const between = performance.now()
      const far = Math.floor(share / 2)
      const answer = computeOn(worker, { n, times: far, expected })
      right += compute({ n, times: share - far, expected })
      right += await answer
      one += between - start
      two += performance.now() - between
    }
    check("right results", 2 * processes, right)
    return { rate: (processes * 1000) / two, speedup: one / two }
  } finally {
    await worker.terminate()
  }
}
