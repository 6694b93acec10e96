/**
 * Programs that run in a process of their own because of how they end: `idle` has a channel and a listening doorbell and
 * nothing else; `leak` looks whether closed doorbells are collected (needs --expose-gc); `throw` has an `onRing` that throws.
 */
import { MessageChannel } from "node:worker_threads"
import { Channel } from "../../src/system/transport/Channel.ts"
import { Doorbell } from "../../src/system/transport/Doorbell.ts"
import { makeRing } from "../../src/system/transport/Ring.ts"
import { SharedTable } from "../../src/system/transport/SharedTable.ts"

const words = SharedTable.make(2).doorbells
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

const idle = () => {
  const { port1, port2 } = new MessageChannel()
  const ring = makeRing()
  const near = new Channel({ out: ring, in: ring, port: port1 })
  const far = new Channel({ out: makeRing(), in: ring, port: port2 })
  const doorbell = new Doorbell(words, 0, () => {})
  doorbell.listen()
  near.send(new Uint8Array(2 ** 20))
  console.log(near.flush() && far.hasInbound() ? "idle" : "broken")
}

const leak = async () => {
  // In a function of its own, so that nothing on the stack holds the doorbell.
  const openAndClose = () => {
    const doorbell = new Doorbell(words, 0, () => {})
    doorbell.listen()
    doorbell.close()
    return new WeakRef(doorbell)
  }
  const gone = openAndClose()
  for (let turn = 0; turn < 100 && gone.deref() !== undefined; turn++) {
    await nextTurn()
    globalThis.gc?.()
  }
  console.log(gone.deref() === undefined ? "collected" : "leaked")
}

const throwing = async () => {
  const errors: Array<string> = []
  process.on("unhandledRejection", (error) => errors.push(error instanceof Error ? error.message : "?"))
  let calls = 0
  const second = Promise.withResolvers<void>()
  const doorbell = new Doorbell(words, 0, () => {
    if (++calls === 2) second.resolve()
    doorbell.ring(0)
    throw new Error(`call ${calls}`)
  })
  doorbell.listen()
  doorbell.ring(0)
  const alive = setInterval(() => {}, 1000)
  await second.promise
  doorbell.close()
  await nextTurn()
  clearInterval(alive)
  console.log(errors.slice(0, 2).join(", "))
}

const programs: Record<string, () => unknown> = { idle, leak, throw: throwing }
await programs[process.argv[2] ?? ""]?.()
