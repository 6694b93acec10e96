/**
 * W9 on two threads without any system: one message to a second isolate and one back, and half of the work done by each.
 * What this gains over one thread is what the machine has to give, at the time it is measured.
 */
import { once } from "node:events"
import { Worker } from "node:worker_threads"
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

/** See the file's header. */
export const onTwo = async ({ fib: n, processes }: PeerParameters["parallel-cpu-2"]) => {
  const expected = expectedFib(n)
  const worker = new Worker(new URL("./computer.ts", import.meta.url))
  try {
    const far = Math.floor(processes / 2)
    let right = 0
    // A new isolate has yet to compile the function: the schedulers of a system live on from round to round
    await computeOn(worker, { n, times: far, expected })
    const one = await ratePerSecond(processes, () => {
      right = compute({ n, times: processes, expected })
    })
    check("right results of one thread", processes, right)
    const two = await ratePerSecond(processes, async () => {
      const answer = computeOn(worker, { n, times: far, expected })
      right = compute({ n, times: processes - far, expected })
      right += await answer
    })
    check("right results of two threads", processes, right)
    return { rate: two, speedup: two / one }
  } finally {
    await worker.terminate()
  }
}
