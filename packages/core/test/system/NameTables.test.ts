import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { PidImpl } from "../../src/address/Pid.ts"
import { NameTables } from "../../src/system/names/NameTables.ts"

interface Model {
  readonly table: string
  readonly key: string
  readonly holder: number
  value: number
}

const tableNames = ["one", "two"]
const pids = [1, 2, 3].map((serial) => new PidImpl(0, 1, serial, undefined))

describe("NameTables", () => {
  it("holds what a plain list of entries holds, in its order, after any changes", () => {
    const step = fc.record({
      kind: fc.constantFrom("insert" as const, "insert" as const, "remove" as const, "update" as const),
      table: fc.constantFrom(...tableNames),
      key: fc.constantFrom("a", "b", "c"),
      holder: fc.nat(2),
      value: fc.nat()
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
        const tables = new NameTables()
        let model: Array<Model> = []
        const changes: Array<string> = []
        const expected: Array<string> = []
        tables.subscribe("one", ({ event, key }) => changes.push(`${event} ${key}`))
        const plain = (entries: ReadonlyArray<{ key: string; value: unknown; pid: unknown }>) =>
          entries.map(({ key, pid, value }) => `${key} ${pid} ${value}`)
        const like = (entries: ReadonlyArray<Model>) =>
          entries.map(({ holder, key, value }) => `${key} ${pids[holder]} ${value}`)
        for (const { kind, ...entry } of steps) {
          const { holder, key, table, value } = entry
          const pid = pids[holder]!
          const own = model.filter((one) => one.table === table && one.key === key && one.holder === holder)
          if (kind === "insert") {
            tables.insert(table, key, pid, value)
            model.push({ ...entry })
            if (table === "one") expected.push(`registered ${key}`)
          } else if (kind === "remove") {
            expect(tables.remove(table, key, pid)).toBe(own.length > 0)
            model = model.filter((one) => !own.includes(one))
            if (table === "one" && own.length > 0) expected.push(`unregistered ${key}`)
          } else {
            expect(tables.update(table, key, pid, value)).toBe(own.length > 0)
            for (const one of own) one.value = value
          }
          // Asked again and again: an answer must not be one of before
          const ofKey = model.filter((one) => one.table === table && one.key === key)
          expect(plain(tables.lookup(table, key))).toEqual(like(ofKey))
          expect(plain(tables.table(table).lookup(key))).toEqual(like(ofKey))
        }
        for (const table of tableNames) {
          const inTable = model.filter((one) => one.table === table)
          expect(tables.count(table)).toBe(inTable.length)
          expect(plain(tables.entries(table)).sort()).toEqual(like(inTable).sort())
          for (const key of ["a", "b", "c"]) {
            const ofKey = inTable.filter((one) => one.key === key)
            expect(plain(tables.lookup(table, key))).toEqual(like(ofKey))
            expect(tables.first(table, key)?.value).toBe(ofKey[0]?.value)
          }
          for (const [holder, pid] of pids.entries()) {
            expect(plain(tables.held(table, pid))).toEqual(like(inTable.filter((one) => one.holder === holder)))
          }
        }
        expect(changes).toEqual(expected)
      })
    )
  })

  it("knows what a process holds that had let go of everything", () => {
    const tables = new NameTables()
    const pid = pids[0]!
    for (let time = 0; time < 2; time++) {
      for (const key of ["a", "b"]) tables.insert("one", key, pid, time)
      expect(tables.allHeld(pid).map(({ key }) => key)).toEqual(["a", "b"])
      for (const key of ["a", "b"]) expect(tables.remove("one", key, pid)).toBe(true)
      expect(tables.allHeld(pid)).toEqual([])
    }
  })
})
