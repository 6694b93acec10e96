/** The other side of a stream, in an isolate of its own. Says "received" when all it expects has come; ends at any message. */
import { parentPort, workerData } from "node:worker_threads"
import { Stream, type StreamData } from "./stream.ts"

// `workerData` is untyped; the tests pass this.
const stream = new Stream(workerData as StreamData)
// The port's listener keeps this isolate alive, as the channel and the doorbell do not.
parentPort?.once("message", () => {
  stream.close()
  parentPort?.close()
})
stream.start()
await stream.received
parentPort?.postMessage("received")
