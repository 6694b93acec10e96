/** The channel's promises: one order for records of all sizes, nothing lost, nothing blocked, last words delivered. */
import { once } from "node:events"
import { MessageChannel } from "node:worker_threads"
import fc from "fast-check"
import { afterEach, describe, expect, it, vi } from "vitest"
import { Channel } from "../../src/system/transport/Channel.ts"
import { makeRing } from "../../src/system/transport/Ring.ts"
import { ByteWriter } from "../../src/wire/Bytes.ts"
import { runAlone } from "./runAlone.ts"
import { streams } from "./streams.ts"

/** Both ends of a channel on one thread, and how often each was told that its peer waits for space. */
const connect = (capacity: number) => {
  const [there, back] = [makeRing(capacity), makeRing(capacity)]
  const { port1, port2 } = new MessageChannel()
  const spaces = { near: 0, far: 0 }
  const near = new Channel({ out: there, in: back, port: port1, onSpace: () => spaces.near++ })
  const far = new Channel({ out: back, in: there, port: port2, onSpace: () => spaces.far++ })
  return { near, far, spaces, port: port1 }
}

const record = (seed: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (seed * 31 + index) & 255)

/** More than any ring here holds; not endless, so that a reader that lost its way fails a test and does not hang it. */
const everything = 1000

const receiveAll = (channel: Channel, max = everything): Array<Array<number>> => {
  const received: Array<Array<number>> = []
  channel.receive((bytes, start, end) => received.push([...bytes.slice(start, end)]), max)
  return received
}

/** Runs `interfere` just before the `nth` atomic operation that comes. Says whether there were that many. */
const beforeAtomic = (nth: number, interfere: () => void): (() => boolean) => {
  let left = nth
  for (const name of ["load", "store", "exchange"] as const) {
    // The casts: these operations are overloaded, and only passed on here.
    const original = Atomics[name] as (...operands: ReadonlyArray<unknown>) => never
    vi.spyOn(Atomics, name as "load").mockImplementation((...operands: ReadonlyArray<unknown>) => {
      if (--left === 0) interfere()
      return original(...operands)
    })
  }
  return () => {
    vi.restoreAllMocks()
    return left <= 0
  }
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe("Channel", () => {
  it("carries records both ways, each seen after flush", () => {
    const { near, far } = connect(64)
    near.send(record(1, 5))
    far.send(record(2, 6))
    expect(far.hasInbound()).toBe(false)
    expect(near.flush()).toBe(true)
    expect(far.flush()).toBe(true)
    expect(far.hasInbound()).toBe(true)
    expect(receiveAll(far)).toEqual([[...record(1, 5)]])
    expect(receiveAll(near)).toEqual([[...record(2, 6)]])
    expect(far.hasInbound()).toBe(false)
    near.close()
  })

  it("says at flush whether there is something new, once", () => {
    const { near, far } = connect(64)
    expect(near.flush()).toBe(false)
    near.send(record(1, 5))
    expect(near.flush()).toBe(true)
    expect(near.flush()).toBe(false)
    // Also what a full ring made it publish early, and only then.
    for (let seed = 0; seed < 9; seed++) near.send(record(seed, 4))
    expect(far.hasInbound()).toBe(true)
    expect(near.flush()).toBe(true)
    expect(near.flush()).toBe(false)
    near.close()
  })

  it("keeps what does not fit in memory, and sends it in order as space appears", () => {
    const { near, far, spaces } = connect(64)
    const sent = Array.from({ length: 50 }, (_, seed) => record(seed, 4))
    for (const bytes of sent) near.send(bytes)
    expect(near.backlog).toBe(43)
    near.flush()
    expect(near.backlog).toBe(43)
    const received: Array<Array<number>> = []
    while (received.length < sent.length) {
      const told = spaces.far
      received.push(...receiveAll(far))
      // The peer is told of the space exactly when something waits for it.
      expect(spaces.far - told).toBe(near.backlog > 0 ? 1 : 0)
      expect(near.flush()).toBe(received.length < sent.length)
    }
    expect(received).toEqual(sent.map((bytes) => [...bytes]))
    expect(near.backlog).toBe(0)
    near.close()
  })

  it("lets a later small record not overtake an earlier one that waits", () => {
    const { near, far } = connect(64)
    near.send(record(1, 20))
    near.send(record(2, 20))
    near.send(record(3, 24))
    near.send(record(4, 0))
    expect(near.backlog).toBe(2)
    near.flush()
    const received = receiveAll(far)
    near.flush()
    expect([...received, ...receiveAll(far)].map((bytes) => bytes.length)).toEqual([20, 20, 24, 0])
    near.close()
  })

  it("gives the peer what is in a full ring to read without waiting for flush", () => {
    const { near, far } = connect(64)
    for (let seed = 0; seed < 8; seed++) near.send(record(seed, 4))
    expect(receiveAll(far)).toHaveLength(7)
    near.send(record(9, 4))
    expect(near.backlog).toBe(0)
    near.close()
  })

  it("never waits for space that the peer gave back unasked, whenever it did", () => {
    let reached = true
    for (let nth = 1; reached; nth++) {
      const { near, far, spaces } = connect(64)
      for (let seed = 0; seed < 6; seed++) near.send(record(seed, 4))
      near.send(record(6, 28))
      near.flush()
      // Enough space to be told of, but not enough for the record that waits: the flush is going to ask again.
      receiveAll(far, 2)
      expect([near.backlog, spaces.far]).toEqual([1, 1])
      const told = spaces.far
      const stop = beforeAtomic(nth, () => receiveAll(far))
      near.flush()
      reached = stop()
      // Whoever waits will be woken: because the peer has yet to read, or because it has already told.
      expect(near.backlog === 0 || far.hasInbound() || spaces.far > told, `operation ${nth}`).toBe(true)
      near.close()
    }
  })

  it("posts oversized bytes before their marker can be seen", () => {
    const { near, far, port } = connect(64)
    const post = port.postMessage.bind(port)
    const seenEarly: Array<unknown> = []
    vi.spyOn(port, "postMessage").mockImplementation((...message) => {
      near.flush()
      seenEarly.push(...receiveAll(far))
      post(...message)
    })
    near.send(record(1, 400))
    near.flush()
    expect(seenEarly).toEqual([])
    expect(receiveAll(far)).toEqual([[...record(1, 400)]])
    near.close()
  })

  it("copies what it is given: small, waiting, oversized, and out of a pooled Buffer", () => {
    const { near, far } = connect(64)
    const sizes = [4, 28, 4, 28, 28, 1000]
    const given = Buffer.allocUnsafe(2000)
    sizes.forEach((length, seed) => {
      given.set(record(seed, length))
      near.send(given, length)
      given.fill(255)
    })
    expect(near.backlog).toBeGreaterThan(1)
    const received: Array<Array<number>> = []
    while (near.flush()) received.push(...receiveAll(far))
    expect(received).toEqual(sizes.map((length, seed) => [...record(seed, length)]))
    expect(given.length).toBe(2000)
    near.close()
  })

  it("sends what is written in place like what is copied: small, oversized, behind a backlog, and between the two", () => {
    const { near, far, spaces } = connect(64)
    const writer = new ByteWriter()
    const sizes = [3, 20, 200, 5, 28, 0, 27, 600, 1, 12, 12, 12]
    const received: Array<Array<number>> = []
    for (let round = 0; round < 8; round++) {
      sizes.forEach((length, index) => {
        const bytes = record(round * 16 + index, length)
        if (index % 4 === 3) near.send(bytes)
        else {
          near.begin(writer)
          for (const byte of bytes) writer.u8(byte)
          near.end(writer)
        }
      })
      if (round % 3 === 0) while (near.flush()) received.push(...receiveAll(far, 5))
    }
    // What waits for space goes on when it is told of some, and for no other reason
    for (let told = spaces.far; near.flush() || far.hasInbound() || spaces.far > told; ) {
      told = spaces.far
      received.push(...receiveAll(far, 5))
    }
    expect(received).toEqual(
      Array.from({ length: 8 }, (_, round) =>
        sizes.map((length, index) => [...record(round * 16 + index, length)])
      ).flat()
    )
    near.close()
    // To nobody, and no error
    near.begin(writer)
    writer.u8(1)
    near.end(writer)
    expect(near.flush()).toBe(false)
  })

  it("keeps one order over records of all sizes, whatever is sent, flushed and read when", () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant("send" as const), size: fc.nat({ max: 100 }) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("flush" as const), size: fc.constant(0) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant("receive" as const), size: fc.nat({ max: 8 }) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("throw" as const), size: fc.constant(0) }) }
    )
    fc.assert(
      fc.property(fc.constantFrom(16, 64, 128), fc.array(step, { maxLength: 120, size: "max" }), (capacity, steps) => {
        const { near, far, spaces } = connect(capacity)
        try {
          const owed: Array<Array<number>> = []
          steps.forEach(({ do: action, size }, seed) => {
            if (action === "send") {
              near.send(record(seed, size))
              owed.push([...record(seed, size)])
            } else if (action === "flush") {
              near.flush()
              // What is not in memory has been published.
              expect(far.hasInbound()).toBe(owed.length > near.backlog)
            } else if (action === "receive") {
              const received = receiveAll(far, size)
              expect(received).toEqual(owed.splice(0, received.length))
            } else if (far.hasInbound()) {
              expect(() =>
                far.receive((bytes, start, end) => {
                  expect([...bytes.slice(start, end)]).toEqual(owed.shift())
                  throw new TypeError("handler")
                }, 8)
              ).toThrow(TypeError)
            }
            expect(near.backlog).toBeLessThanOrEqual(owed.length)
          })
          while (owed.length > 0) {
            near.flush()
            const told = spaces.far
            const received = receiveAll(far)
            // Or there was space to give back, which the backlog waited for
            expect(received.length + spaces.far - told).toBeGreaterThan(0)
            expect(received).toEqual(owed.splice(0, received.length))
          }
          expect(far.hasInbound()).toBe(false)
        } finally {
          near.close()
        }
      }),
      { numRuns: 300 }
    )
  })

  it("delivers the last words of a peer that is gone, oversized ones too", () => {
    const { near, far } = connect(64)
    const sizes = [4, 500, 3, 0, 600]
    sizes.forEach((length, seed) => {
      near.send(record(seed, length))
    })
    near.flush()
    near.send(record(9, 4))
    near.close()
    expect(receiveAll(far)).toEqual(sizes.map((length, seed) => [...record(seed, length)]))
    expect(far.hasInbound()).toBe(false)
    // To nobody, and no error.
    far.send(record(1, 4))
    far.send(record(1, 400))
    far.flush()
    far.close()
  })

  it("after close drops what it is given and says so to nobody", () => {
    const { near, far } = connect(64)
    for (let seed = 0; seed < 20; seed++) near.send(record(seed, 4))
    near.close()
    near.close()
    expect(near.backlog).toBe(0)
    near.send(record(1, 4))
    near.send(record(1, 400))
    expect(near.flush()).toBe(false)
    expect(receiveAll(far)).toHaveLength(7)
  })

  it("does not keep a process alive, nor does a listening doorbell", async () => {
    expect(await runAlone("idle")).toBe("idle")
  })
})

describe("Channel between two isolates", () => {
  it("streams 200,000 records each way at once, whole and in order", async () => {
    const count = 200_000
    const { near, worker, failed, exited } = streams({ seed: 20_261, count, expected: count, capacity: 1 << 16 })
    const workerReceived = once(worker, "message")
    near.start()
    await Promise.race([Promise.all([near.received, workerReceived]), failed])
    expect(near.receivedCount).toBe(count)
    expect(await workerReceived).toEqual(["received"])
    expect(near.channel.backlog).toBe(0)
    worker.postMessage("end")
    // The worker ends by itself once it holds nothing but its channel and doorbell.
    expect(await exited).toEqual([0])
    near.close()
  })

  it("does so between two that are rung at only when they sleep", async () => {
    const count = 100_000
    const { near, worker, failed, exited } = streams({ seed: 5, count, expected: count, capacity: 4096, awake: true })
    const workerReceived = once(worker, "message")
    near.start()
    await Promise.race([Promise.all([near.received, workerReceived]), failed])
    worker.postMessage("end")
    expect(await exited).toEqual([0])
    near.close()
  })

  it("delivers all that a worker terminated mid-stream had published, without a gap or a torn record", async () => {
    const seed = Date.now() & 0x7fffffff
    for (let round = 0; round < 8; round++) {
      // How far it gets before it is killed: another point of its turn each time.
      const enough = 1 + ((seed >>> round) % 30_000)
      const { near, worker, exited, failed, progress } = streams({
        seed,
        count: 0x7fffffff,
        expected: 0,
        // Small, so that the kill also finds it with a backlog, and large.
        capacity: 1 << (10 + round)
      })
      const reached = Promise.withResolvers<void>()
      near.onRecord = (received) => {
        // From inside the reading, which goes on while the worker dies.
        if (received === enough) worker.terminate().then(() => reached.resolve(), reached.reject)
      }
      near.start()
      await Promise.race([reached.promise, failed])
      await exited
      near.drain()
      const told = `seed ${seed}, round ${round}, killed at ${enough}`
      expect(near.receivedCount, told).toBeGreaterThanOrEqual(Atomics.load(progress, 0))
      expect(near.receivedCount, told).toBeLessThanOrEqual(Atomics.load(progress, 1))
      expect(near.receivedCount, told).toBeGreaterThanOrEqual(enough)
      near.close()
    }
  })

  it("delivers everything a worker sent before it exits by itself", async () => {
    const count = 5_000
    const { near, exited, failed } = streams({ seed: 7, count, expected: 0, capacity: 1 << 16, exitCode: 3 })
    near.start()
    expect(await Promise.race([exited, failed])).toEqual([3])
    near.drain()
    expect(near.receivedCount).toBe(count)
    near.close()
  })
})
