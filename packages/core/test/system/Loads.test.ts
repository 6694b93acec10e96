/** Where the next process goes when it goes where there is least to do. */
import { describe, expect, it } from "vitest"
import { Loads } from "../../src/system/load/Loads.ts"
import { SharedTable } from "../../src/system/transport/SharedTable.ts"

const everywhere = () => true

const stage = (slots = 2) => {
  const table = SharedTable.make(slots)
  for (let slot = 0; slot < slots; slot++) table.setState(slot, "up")
  const own = { slot: 0, runQueueLength: 0, processes: { size: 0 } }
  const loads = new Loads(own, table)
  /** Starts so many processes; those elsewhere stay on their way. Returns how many went to each slot. */
  const start = (count: number) => {
    const went = Array.from({ length: slots }, () => 0)
    for (let left = count; left > 0; left--) {
      const slot = loads.least(everywhere)
      if (slot === 0) own.processes.size++
      else loads.sent(slot)
      went[slot] = (went[slot] ?? 0) + 1
    }
    return went
  }
  return { loads, own, start, table }
}

describe("Loads", () => {
  it("spreads starts evenly, though none of those sent away is in the table yet", () => {
    expect(stage(2).start(20)).toEqual([10, 10])
    expect(stage(2).start(1000)).toEqual([500, 500])
    expect(stage(4).start(1000)).toEqual([250, 250, 250, 250])
  })

  it("spreads them though a thousand fibers wait here that only start them", () => {
    const { loads, own, start } = stage()
    own.runQueueLength = 1000
    loads.show()
    const [here = 0, there = 0] = start(1000)
    expect(here).toBeGreaterThan(450)
    expect(there).toBeGreaterThan(here)
  })

  it("prefers a scheduler that has nothing to run", () => {
    const { loads, own, table } = stage(3)
    own.runQueueLength = 3
    loads.show()
    table.setLoad(1, 1, 5)
    table.setLoad(2, 0, 7)
    expect(loads.least(everywhere)).toBe(2)
  })

  it("counts a start once: on its way, or in the table", () => {
    const { loads, own, table } = stage()
    own.processes.size = 2
    loads.sent(1)
    expect(loads.least(everywhere)).toBe(1)
    // It is there, and nothing was heard of it yet
    table.setLoad(1, 0, 1)
    expect(loads.least(everywhere)).toBe(1)
    loads.seen(1)
    expect(loads.least(everywhere)).toBe(1)
    loads.sent(1)
    expect(loads.least(everywhere)).toBe(0)
  })

  it("leaves the table alone as long as nothing has changed here", () => {
    const { loads, own, table } = stage()
    loads.show()
    table.setLoad(0, 5, 6)
    loads.show()
    expect([table.runQueue(0), table.processes(0)]).toEqual([5, 6])
    own.processes.size = 1
    loads.show()
    expect([table.runQueue(0), table.processes(0)]).toEqual([0, 1])
    own.runQueueLength = 2
    loads.show()
    expect([table.runQueue(0), table.processes(0)]).toEqual([2, 1])
  })

  it("sends nothing to who is not up, or not connected", () => {
    const { loads, own, table } = stage(3)
    own.processes.size = 100
    table.setState(1, "stopping")
    expect(loads.least((slot) => slot !== 2)).toBe(0)
    expect(loads.least(everywhere)).toBe(2)
  })
})
