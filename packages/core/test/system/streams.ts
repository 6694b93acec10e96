/** Two streams against each other: one side here, the other in a worker. See `stream.ts`. */
import { once } from "node:events"
import { MessageChannel, Worker } from "node:worker_threads"
import { makeRing } from "../../src/system/transport/Ring.ts"
import { SharedTable } from "../../src/system/transport/SharedTable.ts"
import { Stream, type StreamData } from "./stream.ts"

/** Which streams. */
export interface StreamsOptions {
  readonly seed: number
  /** How many records the worker sends. */
  readonly count: number
  /** How many it gets. */
  readonly expected: number
  /** Of each ring. */
  readonly capacity: number
  readonly exitCode?: number
  readonly awake?: boolean
}

/** Starts the worker; the side here starts when it is told to. */
export const streams = (options: StreamsOptions) => {
  const table = SharedTable.make(2).buffer
  const [there, back] = [makeRing(options.capacity), makeRing(options.capacity)]
  const { port1, port2 } = new MessageChannel()
  const progress = { main: new SharedArrayBuffer(8), worker: new SharedArrayBuffer(8) }
  const shared = { table, seed: options.seed, oversizedEvery: 997, awake: options.awake === true }
  const near = new Stream({
    ...shared,
    out: there,
    in: back,
    port: port1,
    slot: 0,
    peer: 1,
    count: options.expected,
    expected: options.count,
    progress: progress.main
  })
  const workerData: StreamData = {
    ...shared,
    out: back,
    in: there,
    port: port2,
    slot: 1,
    peer: 0,
    count: options.count,
    expected: options.expected,
    progress: progress.worker,
    ...(options.exitCode === undefined ? {} : { exitCode: options.exitCode })
  }
  const worker = new Worker(new URL("./streamWorker.ts", import.meta.url), { workerData, transferList: [port2] })
  const workerFailed = new Promise<never>((_, reject) => worker.once("error", reject))
  const failed = Promise.race([workerFailed, near.broken])
  // Marked as handled: a test that is done no longer listens.
  failed.catch(() => {})
  return { near, worker, failed, exited: once(worker, "exit"), progress: new Int32Array(progress.worker) }
}
