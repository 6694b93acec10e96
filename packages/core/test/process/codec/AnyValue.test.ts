/** Values that no schema describes, and schemas made at random. `CODEC_SEED` says which. */

import { inspect, isDeepStrictEqual } from "node:util"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Alias } from "../../../src/address/Alias.ts"
import { PidImpl } from "../../../src/address/Pid.ts"
import { closures } from "../../../src/schema/Closures.ts"
import { generatedGuard } from "../../../src/schema/Guard.ts"
import { InvalidMessage } from "../../../src/schema/InvalidMessage.ts"
import { planOf } from "../../../src/schema/PlanOf.ts"
import { generatedCodec } from "../../../src/schema/Source.ts"
import { valueCodec } from "../../../src/schema/ValueCodec.ts"
import { fromSchema } from "../../../src/signal/MailboxCodec.ts"
import { ByteWriter } from "../../../src/wire/Bytes.ts"
import type { ByteCodec } from "../../../src/wire/Plan.ts"
import { bytesOf, expectBytes, expectSame, readAll, show } from "./compare.ts"
import { Counter, schemas } from "./schemas.ts"
import { anything, shapes } from "./shapes.ts"

const seed = Number(process.env.CODEC_SEED ?? 20_260 + new Date().getSeconds() * 1000 + new Date().getMilliseconds())

const somePid = new PidImpl(3, 2, 77, undefined)

describe(`the codec (seed ${seed})`, () => {
  it("values of schemas made at random arrive as they were sent", () => {
    fc.assert(
      fc.property(shapes, ({ schema, values }) => {
        const plan = planOf(schema.ast)
        const byText = generatedCodec(plan)
        const guard = generatedGuard(Schema.toType(schema).ast)
        const is = Schema.is(Schema.toType(schema))
        for (const sent of values) {
          if (!guard(sent) || !is(sent)) expect.unreachable(show(sent))
          const bytes = bytesOf(byText, sent)
          expectBytes(bytesOf(closures(plan), sent), bytes, () => show(sent))
          expectSame(readAll(byText, bytes), sent, { zero: true, prototype: false }, () => show(sent))
        }
      }),
      { numRuns: 400, seed }
    )
  })

  it("a value that two members of a union allow is written alike with and without generated code", () => {
    const plan = planOf(Schema.Union([Schema.Null, Schema.Literal("a"), Schema.Null]).ast)
    for (const sent of [null, "a"]) {
      const bytes = bytesOf(generatedCodec(plan), sent)
      expectBytes(bytesOf(closures(plan), sent), bytes, () => show(sent))
      expect(readAll(closures(plan), bytes)).toBe(sent)
    }
  })

  describe.each(["unknown", "any"])("under Schema.%s", (name) => {
    const codec = valueCodec(schemas[name] as Schema.Top)
    const leaf: ByteCodec = { write: codec.encode, read: codec.decode }
    const arrive = (sent: unknown) => readAll(leaf, bytesOf(leaf, sent))

    it("anything arrives as it was sent", () => {
      fc.assert(
        fc.property(anything, (sent) => {
          if (!isDeepStrictEqual(arrive(sent), sent)) expect.unreachable(inspect(sent, { depth: 9 }))
        }),
        { numRuns: 2000, seed }
      )
    })

    it("dates, maps, numbers, errors and addresses are themselves, also inside of others", () => {
      const sent = {
        numbers: [-0, Number.NaN, Number.NEGATIVE_INFINITY, 2n ** 70n, new Date(Number.NaN)],
        missing: undefined,
        map: new Map<unknown, unknown>([[{ a: 1 }, new Set([new Date(5), -1n])]]),
        bytes: [Uint8Array.of(1, 2), Float32Array.of(0.5), new ArrayBuffer(3), new DataView(new ArrayBuffer(2), 1)],
        // biome-ignore lint/suspicious/noSparseArray: that is what is tried
        holes: [, 1, , undefined],
        pattern: /a+/giu,
        symbol: Symbol.for("understudy/test/anything"),
        bare: Object.assign(Object.create(null), { a: 1 }),
        proto: JSON.parse('{"__proto__": 1}'),
        error: Object.assign(new RangeError("too far", { cause: new Date(7) }), { code: "E" }),
        pid: somePid
      }
      const arrived = arrive(sent)
      expect(isDeepStrictEqual(arrived, sent), inspect(arrived, { depth: 9 })).toBe(true)
      expect(arrive(new Alias(somePid, 12, undefined))).toEqual(new Alias(somePid, 12, undefined))
      expect(arrive(Buffer.from("ab"))).toStrictEqual(Uint8Array.of(97, 98))
    })

    it("a value that contains itself, and one that stands in two places, arrive so", () => {
      const shared = { n: 1 }
      const sent: Array<unknown> = [shared, shared]
      sent.push(sent, new Map([[sent, shared]]))
      // The same value, as it was sent
      const arrived = arrive(sent) as [unknown, unknown, unknown, Map<unknown, unknown>]
      expect(arrived[1]).toBe(arrived[0])
      expect(arrived[2]).toBe(arrived)
      expect(arrived[3].get(arrived)).toBe(arrived[0])
    })

    it.each([
      ["a function", () => 1, "function"],
      ["a function inside", { later: [function later() {}] }, "the function later"],
      ["a symbol of its own", new Set([Symbol("mine")]), "Symbol(mine)"],
      ["an instance of a class", { at: new (class Place {})() }, "an instance of Place"],
      ["an option", Option.some(1), "an object with a prototype"],
      ["a ref", Counter.at(somePid), "an "],
      ["a promise", Promise.resolve(), "an instance of Promise"],
      ["a property named by a symbol", { [Symbol.for("a")]: 1 }, "Symbol(a)"]
    ])("%s is an InvalidMessage before anything is sent", (_, sent, what) => {
      expect(codec.is(sent)).toBe(true)
      const mailbox = fromSchema(schemas[name] as Schema.Top)
      for (const encode of [codec.encode, mailbox.encode]) {
        expect(() => encode(sent, new ByteWriter())).toThrow(InvalidMessage)
        expect(() => encode(sent, new ByteWriter())).toThrow(what)
      }
    })
  })
})
