/**
 * What one scheduler makes of the changes that others tell it: a process's end comes from its own scheduler and from slot 0, on two
 * channels, in any order.
 */

import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { PidImpl } from "../../src/address/Pid.ts"
import type { PendingCall } from "../../src/call/PendingCall.ts"
import type { Host } from "../../src/process/Host.ts"
import type { Runnable } from "../../src/run/RunQueue.ts"
import type { DirectoryChangeSignal, Signal } from "../../src/signal/Signal.ts"
import { ReplicatedDirectory } from "../../src/system/names/Directory.ts"
import { ByteReader } from "../../src/wire/Bytes.ts"

const main = { slot: 0, incarnation: 1 }
const owner = { slot: 1, incarnation: 4 }
const pid = new PidImpl(owner.slot, owner.incarnation, 77, undefined)
const [table, key] = ["table", "key"]

type Change = DirectoryChangeSignal["change"]

/** Scheduler 2 of three. Nothing is sent anywhere. */
const makeDirectory = () => {
  const host = { slot: 2, incarnation: 1, route: () => undefined } as unknown as Host
  const peers = [main, owner]
  const directory = new ReplicatedDirectory(host, { all: () => peers, none: () => false })
  // Private: nobody else is to know
  const { tombstones } = directory as unknown as { readonly tombstones: ReadonlyMap<string, unknown> }
  return {
    directory,
    tombstones,
    tell: (from: typeof main, change: Change) =>
      directory.receiveChange({ _tag: "DirectoryChange", change, table, key, pid, value: undefined, call: 0, from }),
    loseOwner: () => {
      peers.pop()
      directory.schedulerDown(owner.slot, owner.incarnation)
    }
  }
}

/** Everything that slot 0 tells of an entry, in its order: the end may be that of an entry which was taken out before. */
const stories: ReadonlyArray<ReadonlyArray<Change>> = [
  ["add", "released"],
  ["add", "update", "released"],
  ["add", "remove", "released"],
  ["add", "remove", "add", "released"]
]

describe("slot 0, which decides on names", () => {
  it("N15 answers a registration when every other scheduler has said that it knows of it", () => {
    const routed: Array<Signal> = []
    const queue: Array<Runnable> = []
    const pending = new Map<number, PendingCall>()
    let references = 0
    const host = {
      ...main,
      pending,
      route: (_slot: number, _incarnation: number, signal: Signal) => void routed.push(signal),
      enqueue: (item: Runnable) => void queue.push(item),
      nextReference: () => ++references,
      timers: { clear: () => undefined }
    } as unknown as Host
    const peers = [owner, { slot: 2, incarnation: 1 }]
    const directory = new ReplicatedDirectory(host, { all: () => peers, none: () => false })
    const request = { request: "register", keys: "unique", table, key, pid, value: undefined } as const
    directory.receiveRequest({ _tag: "DirectoryRequest", ...request, call: 9, from: owner })
    const tags = () => routed.map(({ _tag }) => _tag)
    const changes = routed.flatMap((signal) => (signal._tag === "DirectoryChange" ? signal : []))
    expect(changes.map(({ change }) => change)).toEqual(["add", "add"])
    for (const { call } of changes) {
      expect(tags()).toEqual(["DirectoryChange", "DirectoryChange"])
      // "done"
      pending.get(call)?.receive(new ByteReader().wrap(Uint8Array.of(1), 0, 1))
      for (const item of queue.splice(0)) item.run()
    }
    expect(tags()).toEqual(["DirectoryChange", "DirectoryChange", "Reply"])
  })
})

describe("the entry of a process of another scheduler", () => {
  for (const story of stories) {
    for (let ends = 0; ends <= story.length; ends++) {
      it(`${story.join(", ")}: its own scheduler tells of the end after ${ends}`, () => {
        const { directory, tombstones, tell } = makeDirectory()
        const told = [...story.map((change) => [main, change] as const)]
        told.splice(ends, 0, [owner, "release"] as const)
        let there = false
        let ended = false
        for (const [from, change] of told) {
          tell(from, change)
          if (change === "release" || change === "released") ended = true
          if (change === "add") there = true
          if (change === "remove") there = false
          // Whoever has seen the end finds the name free
          expect(directory.whereis(table, key)).toBe(there && !ended ? pid : undefined)
        }
        expect(tombstones.size).toBe(0)
      })
    }
  }

  it("is free for another process, whatever is still underway of the one before", () => {
    const { directory, tell } = makeDirectory()
    const next = new PidImpl(0, 1, 5, undefined)
    tell(main, "add")
    tell(main, "released")
    directory.receiveChange({
      _tag: "DirectoryChange",
      change: "add",
      table,
      key,
      pid: next,
      value: undefined,
      call: 0,
      from: main
    })
    tell(owner, "release")
    expect(directory.whereis(table, key)).toBe(next)
  })

  it("leaves nothing when its scheduler is lost, whenever that is", () => {
    fc.assert(
      fc.property(fc.constantFrom(...stories), fc.boolean(), fc.nat(5), fc.nat(5), (story, released, ends, loss) => {
        const { directory, tombstones, loseOwner, tell } = makeDirectory()
        const lost = Math.min(loss, story.length)
        const steps: Array<() => void> = story.map((change) => () => tell(main, change))
        // What the owner had sent is taken in before its loss is known
        const at = Math.min(ends, lost)
        steps.splice(lost, 0, loseOwner)
        if (released) steps.splice(at, 0, () => tell(owner, "release"))
        for (const step of steps) step()
        expect(directory.whereis(table, key)).toBe(undefined)
        expect(tombstones.size).toBe(0)
      }),
      { numRuns: 500 }
    )
  })
})
