/** The doorbell's promises: no ring is lost, none is answered on the ringer's stack, and a ring at the waking is cheap. */
import { once } from "node:events"
import { Worker } from "node:worker_threads"
import { afterEach, describe, expect, it } from "vitest"
import { Doorbell, doorbellWords } from "../../src/system/transport/Doorbell.ts"
import { SharedTable } from "../../src/system/transport/SharedTable.ts"
import type { DoorbellData } from "./doorbellWorker.ts"
import { runAlone } from "./runAlone.ts"

const open: Array<Doorbell> = []
afterEach(() => {
  for (const doorbell of open.splice(0)) doorbell.close()
})

/** A doorbell whose answers can be awaited. */
const make = (words: Int32Array, slot: number, onRing: () => void = () => {}) => {
  const waiting: Array<() => void> = []
  const bell = {
    calls: 0,
    next: () => new Promise<void>((resolve) => waiting.push(resolve)),
    doorbell: new Doorbell(words, slot, () => {
      bell.calls++
      onRing()
      for (const resolve of waiting.splice(0)) resolve()
    })
  }
  open.push(bell.doorbell)
  return bell
}

const words = (slots: number): Int32Array => SharedTable.make(slots).doorbells

/** Waits for a ring at another slot: by then, whatever was rung before has been answered. */
const settled = async (shared: Int32Array, slot: number): Promise<void> => {
  const other = make(shared, slot)
  other.doorbell.listen()
  for (let round = 0; round < 3; round++) {
    const answered = other.next()
    other.doorbell.ring(slot)
    await answered
  }
}

const start = (data: Omit<DoorbellData, "table" | "total">, table: SharedTable, total: Int32Array): Worker =>
  new Worker(new URL("./doorbellWorker.ts", import.meta.url), {
    workerData: { ...data, table: table.buffer, total: total.buffer }
  })

describe("Doorbell", () => {
  it("answers a ring, but not on the ringer's stack", async () => {
    const bell = make(words(1), 0)
    bell.doorbell.listen()
    const answered = bell.next()
    bell.doorbell.ring(0)
    expect(bell.calls).toBe(0)
    await answered
    expect(bell.calls).toBe(1)
  })

  it("tells when it was rung, not when it got to answer", async () => {
    const bell = make(words(1), 0)
    const clock = () => Number(process.hrtime.bigint()) / 1e6
    const before = clock()
    bell.doorbell.listen()
    const answered = bell.next()
    bell.doorbell.ring(0)
    const after = clock()
    // Busy with other things
    while (clock() < after + 5);
    await answered
    // Whole microseconds on both ends
    expect(bell.doorbell.rungAfter).toBeLessThanOrEqual(after - before + 0.001)
    expect(clock() - before).toBeGreaterThan(after - before + 4)
  })

  it("answers many rings of one moment once", async () => {
    const shared = words(2)
    const bell = make(shared, 0)
    bell.doorbell.listen()
    const answered = bell.next()
    for (let rung = 0; rung < 100; rung++) bell.doorbell.ring(0)
    await answered
    await settled(shared, 1)
    expect(bell.calls).toBe(1)
  })

  it("answers again what is rung while answering", async () => {
    const shared = words(2)
    const bell = make(shared, 0, () => {
      if (bell.calls < 3) bell.doorbell.ring(0)
    })
    bell.doorbell.listen()
    bell.doorbell.ring(0)
    while (bell.calls < 3) await bell.next()
    await settled(shared, 1)
    expect(bell.calls).toBe(3)
  })

  it("answers what was rung before it listened, even before it was made", async () => {
    const shared = words(2)
    make(shared, 1).doorbell.ring(0)
    const bell = make(shared, 0)
    const answered = bell.next()
    bell.doorbell.listen()
    expect(bell.calls).toBe(0)
    await answered
    bell.doorbell.close()
    expect(bell.calls).toBe(1)
  })

  it("answers nobody while paused, and what was rung meanwhile once it listens again", async () => {
    const shared = words(3)
    const bell = make(shared, 0)
    bell.doorbell.listen()
    bell.doorbell.pause()
    bell.doorbell.ring(0)
    await settled(shared, 1)
    expect(bell.calls).toBe(0)
    const answered = bell.next()
    bell.doorbell.listen()
    await answered
    // Also when the wake-up was on its way as it was paused.
    bell.doorbell.ring(0)
    bell.doorbell.pause()
    await settled(shared, 2)
    expect(bell.calls).toBe(1)
    const again = bell.next()
    bell.doorbell.listen()
    await again
    expect(bell.calls).toBe(2)
  })

  it("notifies a sleeper once, and nobody who is awake", async () => {
    const shared = words(2)
    // Every wait registered on the counter resolves with one notification, so counting them counts notifications.
    let notifications = 0
    const ringer = make(shared, 1).doorbell
    const bell = make(shared, 0)
    const watch = () => {
      const wait = Atomics.waitAsync(shared, 0, Atomics.load(shared, 0))
      if (wait.async) wait.value.then((outcome) => outcome === "ok" && notifications++)
    }
    for (const state of ["asleep", "awake"]) {
      bell.doorbell.listen()
      if (state === "awake") bell.doorbell.pause()
      watch()
      ringer.ring(0)
      watch()
      ringer.ring(0)
      await settled(shared, 1)
      expect(notifications).toBe(1)
    }
    // Lets go of the waits left over.
    Atomics.notify(shared, 0)
  })

  it("does not answer again what its owner has looked for itself", async () => {
    const shared = words(2)
    const bell = make(shared, 0)
    bell.doorbell.ring(0)
    bell.doorbell.answer()
    bell.doorbell.listen()
    await settled(shared, 1)
    expect(bell.calls).toBe(0)
    const answered = bell.next()
    bell.doorbell.ring(0)
    await answered
    expect(bell.calls).toBe(1)
  })

  it("wakes a sleeper, and leaves who is awake alone", async () => {
    const shared = words(2)
    const bell = make(shared, 0)
    const ringer = make(shared, 1).doorbell
    bell.doorbell.listen()
    const answered = bell.next()
    ringer.wake(0)
    await answered
    bell.doorbell.pause()
    ringer.wake(0)
    bell.doorbell.listen()
    await settled(shared, 1)
    expect(bell.calls).toBe(1)
  })

  it("leaves the event loop its turns when it is rung without end", async () => {
    const bell = make(words(1), 0, () => bell.doorbell.ring(0))
    bell.doorbell.listen()
    bell.doorbell.ring(0)
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    while (bell.calls < 10) await bell.next()
  })

  it("answers nothing after close, not even what was rung before", async () => {
    const shared = words(2)
    const bell = make(shared, 0)
    bell.doorbell.listen()
    bell.doorbell.ring(0)
    bell.doorbell.close()
    bell.doorbell.ring(0)
    bell.doorbell.listen()
    bell.doorbell.close()
    await settled(shared, 1)
    expect(bell.calls).toBe(0)
  })

  it("may be closed while answering", async () => {
    const shared = words(2)
    const bell = make(shared, 0, () => {
      bell.doorbell.ring(0)
      bell.doorbell.close()
    })
    bell.doorbell.listen()
    bell.doorbell.ring(0)
    await bell.next()
    await settled(shared, 1)
    expect(bell.calls).toBe(1)
  })

  it("refuses a slot that is not there", () => {
    const shared = words(2)
    expect(shared.length).toBe(2 * doorbellWords)
    expect(() => new Doorbell(shared, 2, () => {})).toThrow(RangeError)
    expect(() => make(shared, 1).doorbell.ring(-1)).toThrow(RangeError)
    expect(() => make(shared, 0).doorbell.ring(2)).toThrow(RangeError)
  })

  it("is collected once closed", async () => {
    expect(await runAlone("leak")).toBe("collected")
  })

  it("lets an error of onRing surface as an unhandled rejection, and still listens", async () => {
    expect(await runAlone("throw")).toBe("call 1, call 2")
  })

  it("loses no ring of 5,000 round trips to another isolate, whatever is paused when", async () => {
    const table = SharedTable.make(2)
    const total = new Int32Array(new SharedArrayBuffer(4))
    const worker = start({ mode: "echo", slot: 1, count: 0 }, table, total)
    const done = Promise.withResolvers<void>()
    worker.once("error", done.reject)
    let trips = 0
    const { doorbell } = make(table.doorbells, 0, () => {
      if (Atomics.load(total, 0) === trips) return
      trips = Atomics.load(total, 0)
      if (trips >= 5_000) return done.resolve()
      // At times awake when the answer comes, at times asleep, at times in between.
      if (trips % 3 === 0) doorbell.pause()
      doorbell.ring(1)
      if (trips % 2 === 0) doorbell.pause()
      if (trips % 5 === 0) setImmediate(() => doorbell.listen())
      else doorbell.listen()
    })
    doorbell.listen()
    doorbell.ring(1)
    await done.promise
    const exited = once(worker, "exit")
    worker.postMessage("end")
    expect(await exited).toEqual([0])
  })

  it("misses no ring of two isolates that ring at once", async () => {
    const table = SharedTable.make(3)
    const total = new Int32Array(new SharedArrayBuffer(4))
    const count = 50_000
    const done = Promise.withResolvers<void>()
    const { doorbell } = make(table.doorbells, 0, () => {
      if (Atomics.load(total, 0) === 2 * count) done.resolve()
    })
    doorbell.listen()
    const workers = [1, 2].map((slot) => start({ mode: "burst", slot, count }, table, total))
    for (const worker of workers) worker.once("error", done.reject)
    const exits = workers.map((worker) => once(worker, "exit"))
    await done.promise
    await Promise.all(exits)
  })
})
