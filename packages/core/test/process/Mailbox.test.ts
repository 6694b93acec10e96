import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { PidImpl } from "../../src/address/Pid.ts"
import * as ExitReason from "../../src/exit/ExitReason.ts"
import { Mailbox } from "../../src/process/Mailbox.ts"
import { Exit } from "../../src/signal/Signal.ts"

const signal = () => new Exit(new PidImpl(0, 1, 1, undefined), ExitReason.shutdown)

describe("Mailbox", () => {
  it("selection takes from anywhere and leaves the others in order", () => {
    const mailbox = new Mailbox()
    for (const item of ["a", "b", "c", "d"]) mailbox.push(item)
    const at = mailbox.find((item) => item === "c", 0)
    expect(mailbox.takeAt(at)).toBe("c")
    expect([mailbox.take(), mailbox.take(), mailbox.take()]).toEqual(["a", "b", "d"])
  })

  it("signals wait with the messages but are not counted as such", () => {
    const mailbox = new Mailbox()
    mailbox.push("a")
    mailbox.pushSignal(signal())
    expect([mailbox.length, mailbox.messages]).toEqual([2, 1])
    expect(mailbox.dropOldest()).toBe("a")
    expect(mailbox.dropOldest()).toBeUndefined()
    expect([mailbox.length, mailbox.messages]).toEqual([1, 0])
  })

  it("items are what they were, lists and nothing too, alone or not", () => {
    for (const item of [[], ["a"], undefined, null]) {
      const mailbox = new Mailbox()
      mailbox.push(item)
      expect([mailbox.length, mailbox.toArray()]).toEqual([1, [item]])
      expect(mailbox.find((other) => other === item, 0)).toBe(0)
      expect(mailbox.find((other) => other === item, 1)).toBe(-1)
      expect(mailbox.take()).toBe(item)
      expect([mailbox.length, mailbox.toArray()]).toEqual([0, []])
      mailbox.push(item)
      mailbox.push("b")
      expect(mailbox.toArray()).toEqual([item, "b"])
      expect([mailbox.take(), mailbox.take(), mailbox.length]).toEqual([item, "b", 0])
    }
  })

  it("behaves as a plain list under any sequence of operations, also past its compaction", () => {
    const few = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 700 }))
    const operation = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ kind: fc.constant("push" as const), times: few })
      },
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant("take" as const), times: few })
      },
      fc.record({ kind: fc.constant("takeAt" as const), times: fc.nat(50) }),
      fc.record({ kind: fc.constant("clear" as const), times: fc.constant(0) }),
      fc.record({ kind: fc.constant("look" as const), times: fc.constant(0) })
    )
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40, size: "max" }), (operations) => {
        const mailbox = new Mailbox()
        let model: Array<number> = []
        let next = 0
        // What was looked at last: the items before number `next`
        let looked = { seen: 0, removed: 0, next: 0 }
        for (const { kind, times } of operations) {
          if (kind === "push") {
            for (let left = times; left > 0; left--) {
              mailbox.push(next)
              model.push(next++)
            }
          } else if (kind === "take") {
            for (let left = times; left > 0 && model.length > 0; left--) expect(mailbox.take()).toBe(model.shift())
          } else if (kind === "takeAt" && times < model.length) {
            const wanted = model[times]
            expect(mailbox.takeAt(mailbox.find((item) => item === wanted, 0))).toBe(wanted)
            model.splice(times, 1)
          } else if (kind === "clear") {
            mailbox.clear()
            model = []
          } else if (kind === "look") looked = { seen: mailbox.length, removed: mailbox.removed, next }
          expect(mailbox.length).toBe(model.length)
          const unseen = mailbox.unseen(looked.seen, looked.removed)
          // Nothing is passed over that was not looked at; nothing is looked at again as long as nothing leaves
          expect(model.slice(0, unseen).every((item) => item < looked.next)).toBe(true)
          if (kind === "push" && mailbox.removed === looked.removed) expect(unseen).toBe(looked.seen)
        }
        expect(mailbox.toArray()).toEqual(model)
      }),
      { numRuns: 100 }
    )
  })
})
