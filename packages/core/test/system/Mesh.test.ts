/** What a scheduler sends while it is writing, and in which order it arrives. */

import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { describe, expect } from "vitest"
import type { MessageCodec } from "../../src/address/MessageCodec.ts"
import { PidImpl } from "../../src/address/Pid.ts"
import { System } from "../../src/index.ts"
import type { Host } from "../../src/process/Host.ts"
import { ProcessRecord } from "../../src/process/ProcessRecord.ts"
import { Scheduler } from "../../src/scheduler/Scheduler.ts"
import { BusyWait } from "../../src/system/load/BusyWait.ts"
import { Mesh, meshOf } from "../../src/system/mesh/Mesh.ts"
import { SharedTable } from "../../src/system/transport/SharedTable.ts"
import type { ByteReader, ByteWriter } from "../../src/wire/Bytes.ts"

const serial = 1_000_000

/** A codec of texts that does something before it writes, as an application's may. */
const texts = (beforeWriting: (text: string) => void): MessageCodec => ({
  contract: undefined,
  isPlain: () => true,
  adopt: (message) => message,
  check: () => undefined,
  encode: (message: unknown, writer: ByteWriter) => {
    writer.u8(7)
    beforeWriting(String(message))
    writer.string(String(message))
  },
  decode: (reader: ByteReader) => {
    expect(reader.u8()).toBe(7)
    return reader.string()
  },
  part: undefined
})

interface Sides {
  readonly near: Mesh
  readonly far: Mesh
  /** How many texts have come, as long as this scheduler's slice lasts. */
  readonly arrived: () => number
  /** The second scheduler learns that the first is lost. */
  readonly lose: () => void
}

/** Two virtual schedulers; what is sent to the second is collected there, until `count` texts have come. */
const collect = (count: number, send: (to: (text: string, codec: MessageCodec) => void, sides: Sides) => void) => {
  const hosts: Array<Host> = []
  const layer = Layer.effectDiscard(
    Effect.map(System.System, (host) => {
      hosts[host.slot] = host
    })
  )
  return Effect.gen(function* () {
    const [near, far] = hosts
    if (near === undefined || far === undefined) throw new Error("two schedulers were started")
    const { promise, resolve } = Promise.withResolvers<ReadonlyArray<unknown>>()
    const received: Array<unknown> = []
    const pid = new PidImpl(
      far.slot,
      far.incarnation,
      serial,
      texts(() => undefined)
    )
    const body = {
      turn: ({ mailbox }: ProcessRecord) => {
        while (mailbox.length > 0) received.push(mailbox.take())
        if (received.length >= count) resolve(received)
        return false
      },
      unwind: (record: ProcessRecord) => record.unwound()
    }
    const record = new ProcessRecord(pid, far, body, [], "normal", undefined, undefined, undefined, undefined)
    far.processes.add(serial, record)
    send(
      (message, codec) =>
        near.route(far.slot, far.incarnation, {
          _tag: "Message",
          to: pid,
          codec,
          message,
          alias: 0,
          call: 0,
          accepted: 0,
          wait: false
        }),
      {
        near: meshOf(near),
        far: meshOf(far),
        arrived: () => record.mailbox.length,
        lose: () => meshOf(far).disconnect(near.slot, near.incarnation)
      }
    )
    return yield* Effect.promise(() => promise)
  }).pipe(Effect.provide(System.layer({ schedulers: 2, virtual: true, layer })))
}

describe("Mesh", () => {
  it.live("sends what a codec sends while it writes behind the message it writes, and both whole", () =>
    Effect.gen(function* () {
      const received = yield* collect(6, (to) => {
        const plain = texts(() => undefined)
        const sending = texts((text) => {
          to(`${text}, within`, plain)
          to(`${text}, within again`, plain)
        })
        to("first", sending)
        to("second", sending)
      })
      expect(received).toEqual([
        "first",
        "first, within",
        "first, within again",
        "second",
        "second, within",
        "second, within again"
      ])
    })
  )

  it.live("a message whose codec fails is not sent, and those around it are", () =>
    Effect.gen(function* () {
      const received = yield* collect(3, (to) => {
        const plain = texts(() => undefined)
        const failing = texts((text) => {
          to(`${text}, within`, plain)
          throw new TypeError("cannot be written")
        })
        to("before", plain)
        expect(() => to("failed", failing)).toThrow(TypeError)
        to("after", plain)
      })
      expect(received).toEqual(["before", "failed, within", "after"])
    })
  )

  it.live("keeps the order of far more than a ring holds, sent in one go", () =>
    Effect.gen(function* () {
      const count = 40_000
      const received = yield* collect(count, (to) => {
        const plain = texts(() => undefined)
        for (let sent = 0; sent < count; sent++) to(`message ${sent} of a long row of messages`, plain)
      })
      expect(received.length).toBe(count)
      expect(received.findIndex((text, index) => text !== `message ${index} of a long row of messages`)).toBe(-1)
    })
  )

  it.live(
    "shows what is sent alone while its sender's slice goes on, and what is sent in a row when that is over",
    () =>
      Effect.gen(function* () {
        const received = yield* collect(6, (to, { arrived, far, near }) => {
          const plain = texts(() => undefined)
          /** How many have come before this slice is over, and after that. */
          const sent = (...messages: ReadonlyArray<string>) => {
            for (const message of messages) to(message, plain)
            far.exchange()
            const before = arrived()
            near.exchange()
            far.exchange()
            return [before, arrived()]
          }
          // What came before decides about this one
          sent("first")
          expect(sent("alone")).toEqual([2, 2])
          expect(sent("once more", "and another")).toEqual([3, 4])
          expect(sent("after two")).toEqual([4, 5])
          expect(sent("alone again")).toEqual([6, 6])
        })
        expect(received).toEqual(["first", "alone", "once more", "and another", "after two", "alone again"])
      })
  )

  it.live("MC07 what a scheduler had sent before its death is taken in first, also if that is more than at once", () =>
    Effect.gen(function* () {
      const count = 3000
      const found: Array<number> = []
      const received = yield* collect(count, (to, { arrived, lose, near }) => {
        const plain = texts(() => undefined)
        for (let sent = 0; sent < count; sent++) to(`${sent}`, plain)
        near.exchange()
        found.push(arrived())
        lose()
        found.push(arrived())
      })
      expect(found).toEqual([0, count])
      expect(received).toEqual(Array.from({ length: count }, (_, index) => `${index}`))
    })
  )

  it("asks for starts that wait elsewhere between two items, but not while it ends or after that", () => {
    const askers = (asks: (mesh: Mesh) => void) => {
      const table = SharedTable.make(2)
      for (const slot of [0, 1]) table.setState(slot, "up")
      table.setUnstarted(0, 5)
      const clock = { now: () => 0, wakeAfter: () => () => undefined }
      const scheduler = new Scheduler({ slot: 1, incarnation: 1, clock, nextTurn: () => undefined, freeze: false })
      const controls = { kill: () => undefined, drain: () => undefined }
      const mesh = new Mesh(scheduler, table, controls, new BusyWait("none", clock.now))
      scheduler.attach(mesh)
      asks(mesh)
      mesh.close()
      return table.thieves(0)
    }
    expect(askers((mesh) => void mesh.exchange())).toEqual([1])
    const ends = (mesh: Mesh) => {
      mesh.close()
      mesh.exchange()
      mesh.endOfTurn(0)
    }
    expect(askers(ends)).toEqual([])
  })
})
