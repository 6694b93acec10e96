import * as Equal from "effect/Equal"
import * as Hash from "effect/Hash"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import * as Pid from "../../src/address/Pid.ts"
import { enterSystem } from "../../src/address/SystemId.ts"
import * as GenServer from "../../src/GenServer.ts"
import * as Process from "../../src/Process.ts"

const pid = (slot: number, incarnation: number, serial: number) => new Pid.PidImpl(slot, incarnation, serial, undefined)

const Idle = GenServer.define("test/Idle", { protocol: { ping: GenServer.call() } })

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

  it("as JSON it is a text with its system, and comes back there with the codec of its mailbox", () => {
    const leave = enterSystem("here")
    try {
      const Mailbox = Schema.TaggedUnion({ Hello: { name: Schema.String } })
      const codec = Schema.toCodecJson(Process.pid(Mailbox))
      const text = Schema.encodeUnknownSync(codec)(pid(1, 2, 3))
      expect(text).toBe("<1.2.3>@here")
      const decoded = Schema.decodeUnknownSync(codec)(text)
      expect(Pid.equals(decoded, pid(1, 2, 3))).toBe(true)
      expect(() => Pid.impl(decoded).codec?.check({ _tag: "Hello", name: 1 })).toThrow(/Expected string/)
      for (const none of ["nonsense", "<1.2.3>", "@here", "<1.2.3>@"]) {
        expect(() => Schema.decodeUnknownSync(codec)(none)).toThrow(/a pid/)
      }
    } finally {
      leave()
    }
  })

  const addresses = {
    pid: [Process.anyPid, pid(1, 2, 3)],
    alias: [Process.alias(Schema.String), new Process.Alias(pid(1, 2, 3), 64, undefined)],
    ref: [Idle.ref, Idle.at(pid(1, 2, 3))]
  } as unknown as Record<string, readonly [Schema.Codec<unknown, unknown>, unknown]>

  describe.each(Object.entries(addresses))("the text of a %s", (_, [schema, address]) => {
    const codec = Schema.toCodecJson(schema)
    const inSystems = <A>(ids: ReadonlyArray<string>, use: () => A): A => {
      const leave = ids.map(enterSystem)
      try {
        return use()
      } finally {
        for (const each of leave) each()
      }
    }

    it("does not decode in another system, and says so", () => {
      const text = inSystems(["one"], () => Schema.encodeUnknownSync(codec)(address))
      expect(() => inSystems(["another"], () => Schema.decodeUnknownSync(codec)(text))).toThrow(
        /of this system \(another\): it is one of another system/
      )
      inSystems(["one"], () => expect(String(Schema.decodeUnknownSync(codec)(text))).toBe(String(address)))
    })

    it("is neither made nor read where no system runs, or where it cannot be known which", () => {
      const text = inSystems(["one"], () => Schema.encodeUnknownSync(codec)(address))
      for (const ids of [[], ["one", "another"]]) {
        expect(() => inSystems(ids, () => Schema.encodeUnknownSync(codec)(address))).toThrow(/inside of its system/)
        expect(() => inSystems(ids, () => Schema.decodeUnknownSync(codec)(text))).toThrow(/inside of its system/)
      }
    })
  })

  it("a name as text is of no system: it means whoever holds it where it is used", () => {
    const codec = Schema.toCodecJson(Idle.ref)
    const text = Schema.encodeUnknownSync(codec)(Idle.named("idle"))
    expect(String(Schema.decodeUnknownSync(codec)(text))).toBe(String(Idle.named("idle")))
  })
})
