/**
 * The second thread of the plain limit of W9: computes whatever numbers it is sent, one message for all of them.
 */
import { parentPort } from "node:worker_threads"
import { fib } from "../PeerPrograms.ts"

/** What it is asked: `fib(n)`, so many times. */
export interface Order {
  readonly n: number
  readonly times: number
  readonly expected: number
}

/** How many of the results were right. */
export type Done = number

/** Computes an order, on either thread. */
export const compute = ({ expected, n, times }: Order): Done => {
  let right = 0
  for (let count = 0; count < times; count++) if (fib(n) === expected) right++
  return right
}

// The owner sends nothing else
parentPort?.on("message", (order: Order) => parentPort?.postMessage(compute(order)))
