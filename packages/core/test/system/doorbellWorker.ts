/** Rings slot 0 from an isolate of its own: `echo` answers each ring at its slot with one, `burst` rings as fast as it can. */
import { parentPort, workerData } from "node:worker_threads"
import { Doorbell } from "../../src/system/transport/Doorbell.ts"
import { SharedTable } from "../../src/system/transport/SharedTable.ts"

export interface DoorbellData {
  readonly mode: "echo" | "burst"
  readonly table: SharedArrayBuffer
  readonly slot: number
  /** One word, counted up before each ring. */
  readonly total: SharedArrayBuffer
  /** How often `burst` rings. */
  readonly count: number
}

// `workerData` is untyped; the tests pass this.
const data = workerData as DoorbellData
const total = new Int32Array(data.total)
const ringMain = () => {
  Atomics.add(total, 0, 1)
  doorbell.ring(0)
}
const doorbell = new Doorbell(SharedTable.from(data.table).doorbells, data.slot, ringMain)

if (data.mode === "burst") {
  for (let rung = 0; rung < data.count; rung++) ringMain()
} else {
  parentPort?.once("message", () => {
    doorbell.close()
    parentPort?.close()
  })
  doorbell.listen()
}
