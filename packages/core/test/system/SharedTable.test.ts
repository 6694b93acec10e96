/** The shared table's promises: rows do not touch each other, both isolates see one table, serials never come twice. */
import { describe, expect, it } from "vitest"
import { doorbellWords } from "../../src/system/transport/Doorbell.ts"
import { SharedTable, type SlotState, serialBlock, serialLimit } from "../../src/system/transport/SharedTable.ts"

const fresh = (slot: number) => ({
  slot,
  state: "down",
  incarnation: 0,
  runQueue: 0,
  processes: 0,
  reductions: 0,
  utilisation: 0,
  heartbeat: 0,
  restarts: 0,
  unstarted: 0
})

describe("SharedTable", () => {
  it("starts with every slot down and at zero", () => {
    const table = SharedTable.make(3)
    expect(table.slots).toBe(3)
    expect([0, 1, 2].map((slot) => table.snapshot(slot))).toEqual([0, 1, 2].map(fresh))
  })

  it("shows in one row what was written there, and leaves its neighbours alone", () => {
    const table = SharedTable.make(3)
    expect(table.nextIncarnation(1)).toBe(1)
    expect(table.nextIncarnation(1)).toBe(2)
    table.setState(1, "up")
    table.setLoad(1, 7, 1000)
    table.addReductions(1, 300)
    table.addReductions(1, 50)
    table.setUtilisation(1, 421.6)
    table.beat(1)
    table.beat(1)
    expect(table.addRestart(1)).toBe(1)
    table.doorbells.fill(-1, doorbellWords, 2 * doorbellWords)
    expect(table.snapshot(1)).toEqual({
      slot: 1,
      state: "up",
      incarnation: 2,
      runQueue: 7,
      processes: 1000,
      reductions: 350,
      utilisation: 422,
      heartbeat: 2,
      restarts: 1,
      unstarted: 0
    })
    expect(table.snapshot(0)).toEqual(fresh(0))
    expect(table.snapshot(2)).toEqual(fresh(2))
    expect(table.reserveSerials(0)).toBe(0)
    expect([...table.doorbells].filter((word) => word !== 0)).toHaveLength(doorbellWords)
  })

  it("shows who runs, with serials beyond 32 bits, and nobody in a new incarnation", () => {
    const table = SharedTable.make(3)
    const other = SharedTable.from(table.buffer)
    table.trace(1).set([serialLimit - 1, 7])
    expect(other.running(1)).toEqual({ serial: serialLimit - 1, kind: 7 })
    expect([other.running(0), other.running(2)]).toEqual([
      { serial: 0, kind: 0 },
      { serial: 0, kind: 0 }
    ])
    expect(other.snapshot(1)).toEqual(fresh(1))
    table.nextIncarnation(1)
    expect(other.running(1)).toEqual({ serial: 0, kind: 0 })
  })

  it("keeps who asks for starts until they are answered, each once", () => {
    const table = SharedTable.make(64)
    expect(table.thieves(5)).toEqual([])
    expect([63, 0, 31, 32, 0].map((thief) => table.addThief(5, thief))).toEqual([true, true, true, true, false])
    expect(table.thieves(5)).toEqual([0, 31, 32, 63])
    for (const thief of [31, 63]) table.removeThief(5, thief)
    expect(table.thieves(5)).toEqual([0, 32])
    expect(table.addThief(5, 31)).toBe(true)
    table.nextIncarnation(5)
    expect(table.thieves(5)).toEqual([])
    table.setUnstarted(5, 9)
    expect(table.snapshot(5)).toMatchObject({ unstarted: 9 })
    expect([4, 6].map((slot) => table.snapshot(slot))).toEqual([fresh(4), fresh(6)])
  })

  it("counts who listens", () => {
    const table = SharedTable.make(2)
    table.addListener(1, 1)
    table.addListener(1, 1)
    table.addListener(1, -1)
    expect([table.listeners(0), table.listeners(1)]).toEqual([0, 1])
    table.nextIncarnation(1)
    expect(table.listeners(1)).toBe(0)
  })

  it("is the same table from another view of its memory", () => {
    const table = SharedTable.make(2)
    const other = SharedTable.from(table.buffer)
    expect(other.slots).toBe(2)
    for (const state of ["starting", "up", "stopping", "down"] satisfies ReadonlyArray<SlotState>) {
      table.setState(1, state)
      expect(other.state(1)).toBe(state)
    }
    other.setLoad(0, 3, 4)
    expect(table.snapshot(0)).toEqual(other.snapshot(0))
    other.doorbells[5] = 9
    expect(table.doorbells[5]).toBe(9)
  })

  it("begins an incarnation without the load of the one before, but with its history", () => {
    const table = SharedTable.make(1)
    table.setLoad(0, 5, 6)
    table.setUtilisation(0, 900)
    table.addReductions(0, 11)
    table.beat(0)
    table.nextIncarnation(0)
    expect(table.snapshot(0)).toEqual({ ...fresh(0), incarnation: 1, reductions: 11, heartbeat: 1 })
  })

  it("counts reductions modulo 2^32, and never below zero", () => {
    const table = SharedTable.make(1)
    table.addReductions(0, 2 ** 31)
    expect(table.reductions(0)).toBe(2 ** 31)
    const before = table.reductions(0)
    table.addReductions(0, 2 ** 31 + 5)
    expect(table.reductions(0)).toBe(5)
    expect((table.reductions(0) - before) >>> 0).toBe(2 ** 31 + 5)
  })

  it("keeps utilisation between 0 and 1000", () => {
    const table = SharedTable.make(1)
    for (const [given, kept] of [
      [-3, 0],
      [1700, 1000],
      [Number.NaN, 0],
      [0.4, 0]
    ] as const) {
      table.setUtilisation(0, given)
      expect(table.utilisation(0)).toBe(kept)
    }
  })

  it("gives every block of serials once, across views and incarnations, slot by slot", () => {
    const table = SharedTable.make(2)
    const other = SharedTable.from(table.buffer)
    expect(table.reserveSerials(1)).toBe(0)
    table.nextIncarnation(1)
    expect(other.reserveSerials(1)).toBe(serialBlock)
    table.nextIncarnation(1)
    expect(table.reserveSerials(1)).toBe(2 * serialBlock)
    expect(table.reserveSerials(0)).toBe(0)
  })

  it("ends with an error, not with a serial given before, when a slot has used all of them", () => {
    const table = SharedTable.make(1)
    const blocks = serialLimit / serialBlock
    // Straight into the counter: taking all blocks would take a second and prove no more.
    const counter = new Int32Array(table.buffer)
    table.reserveSerials(0)
    counter[counter.indexOf(1)] = blocks - 1
    expect(table.reserveSerials(0)).toBe(serialLimit - serialBlock)
    expect(() => table.reserveSerials(0)).toThrow(RangeError)
    expect(() => table.reserveSerials(0)).toThrow("Slot 0 has used all its process serials")
  })

  it("refuses slots and memory it does not have", () => {
    const table = SharedTable.make(2)
    for (const slot of [-1, 2, Number.NaN]) expect(() => table.snapshot(slot)).toThrow(RangeError)
    for (const slots of [0, -1, 1.5]) expect(() => SharedTable.make(slots)).toThrow(RangeError)
    expect(() => SharedTable.from(new SharedArrayBuffer(100))).toThrow(RangeError)
    expect(() => SharedTable.from(new SharedArrayBuffer(0))).toThrow(RangeError)
  })
})
