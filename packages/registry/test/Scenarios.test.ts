/** Catalogue area RG, on each system. What is registered is on both schedulers, where there are two. */

import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as System from "@understudy/core/System"
import { Registry } from "@understudy/registry"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { expect } from "vitest"
import { onEachSystem } from "../../../test/conformance/testers.ts"
import { Member, MemberLive, type MemberRef, quiet, SeatLive } from "./members.ts"

const crowds = Registry.duplicate("crowds", Member, Schema.String, { value: Schema.Int })
const people = Registry.unique("people", Member, Schema.String, { value: Schema.Int })

const program = { implementations: [MemberLive, SeatLive, Registry.implementation], layer: quiet }

const play = {
  mailbox: Schema.String,
  entry: new URL("./schedulerEntry.ts", import.meta.url),
  program,
  layer: (settings: object) => System.layer({ ...program, ...settings })
}

onEachSystem("RG Registry", play, ({ alternate, notApplicable, scenario }) => {
  scenario("RG12 dispatch runs once, in its caller, with the entries of every scheduler", function* (tester) {
    yield* Process.trapExit(true)
    yield* crowds.startLink
    yield* people.startLink
    const members: Array<MemberRef> = []
    for (let index = 0; index < 8; index++) {
      const member = yield* GenServer.start(Member, { label: "new" }, alternate(index))
      members.push(member)
      yield* crowds.registerRef(member, "key", index)
      // Beside it, those of other keys
      yield* crowds.registerRef(member, `other ${index}`, index)
    }
    yield* people.registerRef(members[1]!, "key", 1)

    const caller = { pid: String(tester.pid), calls: [] as Array<ReadonlyArray<readonly [string, number]>> }
    const note = (entries: ReadonlyArray<{ readonly ref: MemberRef; readonly value: number }>) =>
      Effect.gen(function* () {
        expect(String(yield* Process.self)).toBe(caller.pid)
        caller.calls.push(entries.map(({ ref, value }) => [String(ref.pid), value]))
        for (const { ref, value } of entries) yield* ref.relabel({ label: `told ${value}` })
      })
    yield* crowds.dispatch("key", note)
    expect(caller.calls).toEqual([members.map(({ pid }, index) => [String(pid), index])])
    for (const [index, member] of members.entries()) expect(yield* member.label()).toBe(`told ${index}`)
    yield* people.dispatch("key", note)
    expect(caller.calls.slice(1)).toEqual([[[String(members[1]?.pid), 1]]])
    // Nobody has the key: it does not run
    yield* crowds.dispatch("no key", note)
    yield* people.dispatch("no key", note)
    expect(caller.calls.length).toBe(2)

    // What it fails or dies with is its caller's own, and nobody is sent an exit
    expect(yield* Effect.flip(crowds.dispatch("key", () => Effect.fail("failed" as const)))).toBe("failed")
    const died = yield* Effect.exit(
      crowds.dispatch("key", (): Effect.Effect<never> => {
        throw new Error("thrown")
      })
    )
    expect(died).toMatchObject({ cause: { reasons: [{ _tag: "Die", defect: { message: "thrown" } }] } })
    for (const member of members) yield* member.label()
    expect(yield* tester.flush).toBe(0)
  })

  notApplicable("RG12 parallel dispatch", "messages are sent from one place anyway, and there are no partitions")

  notApplicable("RG20 lock", "locks are not there yet; a server that is asked one call after the other is one")
})
