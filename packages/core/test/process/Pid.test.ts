import * as Equal from "effect/Equal"
import * as Hash from "effect/Hash"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import * as Pid from "../../src/process/Pid.ts"
import * as Process from "../../src/process/Process.ts"

const pid = (slot: number, incarnation: number, serial: number) => new Pid.PidImpl(slot, incarnation, serial, undefined)

describe("Pid", () => {
  it("two objects of the same process are equal and hash alike", () => {
    expect(Pid.equals(pid(1, 2, 3), pid(1, 2, 3))).toBe(true)
    expect(Equal.equals(pid(1, 2, 3), pid(1, 2, 3))).toBe(true)
    expect(Hash.hash(pid(1, 2, 3))).toBe(Hash.hash(pid(1, 2, 3)))
  })

  it("another slot or serial is another process", () => {
    expect(Pid.equals(pid(1, 2, 3), pid(2, 2, 3))).toBe(false)
    expect(Pid.equals(pid(1, 2, 3), pid(1, 2, 4))).toBe(false)
  })

  it("is written as OTP writes pids, and read back", () => {
    expect(String(pid(1, 2, 345))).toBe("<1.2.345>")
    expect(Pid.parse("<1.2.345>")).toEqual(pid(1, 2, 345))
  })

  it.each(["", "1.2.3", "<1.2>", "<64.1.1>", "<1.2.-3>", "<a.b.c>"])("refuses %j as a pid", (text) => {
    expect(Pid.parse(text)).toBeUndefined()
  })

  it("keys stay exact for the largest serial of every slot", () => {
    const largest = 2 ** 47 - 1
    const keys = [0, 1, 63].flatMap((slot) => [largest, largest - 1].map((serial) => Pid.keyOf(pid(slot, 1, serial))))
    expect(new Set(keys).size).toBe(6)
    expect(keys.every(Number.isSafeInteger)).toBe(true)
  })

  it("travels in messages as text, and comes back with the codec of its mailbox", () => {
    const Mailbox = Schema.TaggedUnion({ Hello: { name: Schema.String } })
    const codec = Schema.toCodecJson(Process.pid(Mailbox))
    expect(Schema.encodeUnknownSync(codec)(pid(1, 2, 3))).toBe("<1.2.3>")
    const decoded = Schema.decodeUnknownSync(codec)("<1.2.3>")
    expect(Pid.equals(decoded, pid(1, 2, 3))).toBe(true)
    expect(() => Pid.impl(decoded).codec?.check({ _tag: "Hello", name: 1 })).toThrow(/Expected string/)
    expect(() => Schema.decodeUnknownSync(codec)("nonsense")).toThrow(/a pid like/)
  })
})
