import { describe, expect, it } from "vitest"
import { RunQueue } from "../../src/scheduler/RunQueue.ts"

const drain = (queue: RunQueue): Array<string> => {
  const order: Array<string> = []
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
    if (typeof item === "function") order.push(String(item()))
  }
  return order
}

describe("RunQueue", () => {
  it("is first in, first out within a class, through its growth", () => {
    const queue = new RunQueue()
    const names = Array.from({ length: 5000 }, (_, n) => String(n))
    for (const name of names) queue.push(() => name as never, "normal")
    expect(queue.length).toBe(5000)
    expect(drain(queue)).toEqual(names)
    expect(queue.length).toBe(0)
  })

  it("max goes before high, high before normal", () => {
    const queue = new RunQueue()
    for (const priority of ["low", "normal", "high", "max"] as const) queue.push(() => priority as never, priority)
    expect(drain(queue)).toEqual(["max", "high", "normal", "low"])
  })

  it("what is put first goes before all of its class, through its growth, and behind what is more urgent", () => {
    const queue = new RunQueue()
    const names = Array.from({ length: 1500 }, (_, n) => String(n))
    for (const name of names) queue.push(() => name as never, "normal")
    for (const name of names) queue.pushFirst(() => `first ${name}` as never, "normal")
    queue.push(() => "high" as never, "high")
    expect(queue.length).toBe(3001)
    expect(drain(queue)).toEqual(["high", ...names.map((name) => `first ${name}`).reverse(), ...names])
  })

  it("low is late but gets a turn for every eight of normal", () => {
    const queue = new RunQueue()
    for (let n = 0; n < 20; n++) queue.push(() => "n" as never, "normal")
    for (let n = 0; n < 2; n++) queue.push(() => "L" as never, "low")
    expect(drain(queue).join("")).toBe("nnnnnnnnLnnnnnnnnLnnnn")
  })
})
