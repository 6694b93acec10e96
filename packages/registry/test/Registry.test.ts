/** The registry's promises on one scheduler: catalogue area RG. */

import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import { Registry } from "@understudy/registry"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { by, killThen, Member, member, onSystem, Seat, seats } from "./members.ts"

const people = Registry.unique("people", Member, Schema.String)
const scores = Registry.unique("scores", Member, Schema.String, { value: Schema.Int })
const teams = Registry.duplicate("teams", Member, Schema.String, { value: Schema.Int })
const crowds = Registry.duplicate("crowds", Member, Schema.String)

/** The defect a failed effect died with. */
const defectOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.exit(effect), (exit) => {
    if (Exit.isFailure(exit)) for (const reason of exit.cause.reasons) if (reason._tag === "Die") return reason.defect
    return undefined
  })

describe("a unique registry", () => {
  it("RG01 gives a key to one process, and tells everybody else and itself who has it", () =>
    onSystem(
      Effect.gen(function* () {
        yield* scores.startLink
        const ada = yield* member()
        const bob = yield* member()
        yield* by(ada, scores.register("best", 1))
        const again = yield* Effect.flip(by(ada, scores.register("best", 2)))
        const other = yield* Effect.flip(by(bob, scores.register("best", 3)))
        for (const error of [again, other]) {
          expect(error).toBeInstanceOf(Registry.AlreadyRegistered)
          expect(error).toMatchObject({ registry: "scores", key: '"best"' })
          expect(error._tag === "AlreadyRegistered" && Process.equals(error.holder, ada.pid)).toBe(true)
          expect(error.message).toBe(`the key "best" of the registry "scores" is held by ${ada.pid}`)
        }
        const found = yield* scores.lookup("best")
        expect(found?.value).toBe(1)
        expect(found?.ref.pid.toString()).toBe(ada.pid.toString())
      })
    ))

  it("RG02 finds entries by key, and the keys and values of a process", () =>
    onSystem(
      Effect.gen(function* () {
        yield* scores.startLink
        const ada = yield* member("ada")
        const bob = yield* member("bob")
        yield* by(ada, Effect.andThen(scores.register("hello", 1), scores.register("world", 2)))
        const found = yield* scores.lookup("hello")
        expect(found?.value).toBe(1)
        expect(yield* found?.ref.label() ?? Effect.succeed("nobody")).toBe("ada")
        expect(yield* scores.lookup("nobody")).toBeUndefined()
        expect(yield* by(ada, scores.keys())).toEqual(["hello", "world"])
        expect(yield* scores.keys(ada.pid)).toEqual(["hello", "world"])
        expect(yield* scores.keys(bob.pid)).toEqual([])
        expect(yield* by(ada, scores.values("hello"))).toEqual([1])
        expect(yield* scores.values("hello", bob.pid)).toEqual([])
      })
    ))

  it("RG02 frees a key when its holder unregisters it, and leaves those of others alone", () =>
    onSystem(
      Effect.gen(function* () {
        yield* people.startLink
        const ada = yield* member()
        const bob = yield* member()
        yield* by(ada, people.register("chair"))
        expect(yield* by(bob, people.unregister("chair"))).toBe(false)
        expect((yield* people.whereis("chair"))?.pid.toString()).toBe(ada.pid.toString())
        expect(yield* by(ada, people.unregister("chair"))).toBe(true)
        expect(yield* people.whereis("chair")).toBeUndefined()
        yield* by(bob, people.register("chair"))
      })
    ))

  it("RG05 lets the holder of a key replace its value, and nobody else", () =>
    onSystem(
      Effect.gen(function* () {
        yield* scores.startLink
        const ada = yield* member()
        const bob = yield* member()
        yield* by(ada, scores.register("best", 1))
        expect(
          yield* by(
            ada,
            scores.updateValue("best", (value) => value + 1)
          )
        ).toEqual({ before: 1, after: 2 })
        expect((yield* scores.lookup("best"))?.value).toBe(2)
        const missing = yield* Effect.flip(
          by(
            ada,
            scores.updateValue("worst", (value) => value + 1)
          )
        )
        const foreign = yield* Effect.flip(
          by(
            bob,
            scores.updateValue("best", (value) => value + 1)
          )
        )
        expect(missing).toBeInstanceOf(Registry.NotRegistered)
        expect(foreign).toBeInstanceOf(Registry.NotRegistered)
        expect((yield* scores.lookup("best"))?.value).toBe(2)
        // @ts-expect-error a duplicate registry has no one value to update
        expect(teams.updateValue).toBeUndefined()
      })
    ))

  it("RG07 has the key free, and lets it be taken, when the DOWN of its holder arrives", () =>
    onSystem(
      Effect.gen(function* () {
        yield* people.startLink
        const next = yield* member("next")
        for (let round = 0; round < 200; round++) {
          const holder = yield* member("holder")
          yield* by(holder, people.register("chair"))
          const seen = yield* killThen(
            holder,
            Effect.gen(function* () {
              const found = yield* people.lookup("chair")
              const where = yield* people.whereis("chair")
              yield* people.registerRef(next, "chair")
              return [found, where]
            })
          )
          expect(seen).toEqual([undefined, undefined])
          yield* by(next, people.unregister("chair"))
        }
      })
    ))

  it("RG10 drops casts to a key nobody holds, and fails calls to it with NoProcess", () =>
    onSystem(
      Effect.gen(function* () {
        yield* people.startLink
        expect(yield* people.whereis("nobody")).toBeUndefined()
        yield* people.at("nobody").relabel({ label: "lost" })
        const failure = yield* Effect.flip(people.at("nobody").label())
        expect(failure).toBeInstanceOf(GenServer.NoProcess)
        expect(failure).toMatchObject({ callee: "people/nobody", call: "Member.label" })
      })
    ))

  it("gives refs that find the next holder of their key after a restart", () =>
    onSystem(
      Effect.gen(function* () {
        yield* people.startLink
        const chair = people.at("chair")
        const first = yield* member("first")
        yield* by(first, people.register("chair"))
        expect(yield* chair.label()).toBe("first")
        const second = yield* killThen(
          first,
          Effect.tap(member("second"), (ref) => by(ref, people.register("chair")))
        )
        expect(yield* chair.label()).toBe("second")
        yield* chair.relabel({ label: "still second" })
        expect(yield* second.label()).toBe("still second")
      })
    ))

  it("RG01 fails the start of a process whose init wants a key that is taken, and leaves no process behind", () =>
    onSystem(
      Effect.gen(function* () {
        yield* seats.startLink
        const first = yield* GenServer.start(Seat, { name: "front" })
        const processes = (yield* Process.list).length
        const error = yield* Effect.flip(GenServer.start(Seat, { name: "front" }))
        expect(error.problem).toBe("failed")
        const reason = error.reason
        expect(reason?._tag).toBe("Failed")
        expect(reason?._tag === "Failed" && reason.error).toBeInstanceOf(Registry.AlreadyRegistered)
        expect((yield* seats.whereis("front"))?.pid.toString()).toBe(first.pid.toString())
        expect((yield* Process.list).length).toBe(processes)
      })
    ))

  it("registers another process by its ref, unless it has ended", () =>
    onSystem(
      Effect.gen(function* () {
        yield* people.startLink
        const ada = yield* member("ada")
        yield* people.registerRef(ada, "chair")
        expect(yield* people.at("chair").label()).toBe("ada")
        const late = yield* killThen(ada, Effect.flip(people.registerRef(ada, "chair")))
        expect(late).toBeInstanceOf(Registry.NotAlive)
        expect(yield* people.count).toBe(0)
      })
    ))

  it("tells of a process that has ended that the key is taken, where one process can hold it, and that it is gone, where many can", () =>
    onSystem(
      Effect.gen(function* () {
        yield* people.startLink
        yield* crowds.startLink
        const ada = yield* member()
        const bob = yield* member()
        yield* by(ada, Effect.andThen(people.register("chair"), crowds.register("chair")))
        const [taken, gone] = yield* killThen(
          bob,
          Effect.all([Effect.flip(people.registerRef(bob, "chair")), Effect.flip(crowds.registerRef(bob, "chair"))])
        )
        expect(taken).toBeInstanceOf(Registry.AlreadyRegistered)
        expect(gone).toBeInstanceOf(Registry.NotAlive)
        expect(yield* crowds.count).toBe(1)
      })
    ))

  it("dies when a process of another contract registers: refs would call what it does not have", () =>
    onSystem(
      Effect.gen(function* () {
        yield* people.startLink
        const defect = yield* Process.run(defectOf(people.register("chair")))
        expect(defect).toBeInstanceOf(Process.InvalidMessage)
        expect(String((defect as Error).message)).toContain("is not a process of the contract Member")
        expect(yield* people.count).toBe(0)
      })
    ))

  it("RG21 keeps nothing of registrations that failed", () =>
    onSystem(
      Effect.gen(function* () {
        yield* people.startLink
        const ada = yield* member()
        const bob = yield* member()
        yield* by(ada, people.register("chair"))
        for (let attempt = 0; attempt < 50; attempt++) yield* Effect.flip(by(bob, people.register("chair")))
        expect(yield* people.keys(bob.pid)).toEqual([])
        expect(yield* people.count).toBe(1)
      })
    ))
})

describe("a duplicate registry", () => {
  it("RG03 lists a process once for each time it registered, and unregisters all of its entries of one key", () =>
    onSystem(
      Effect.gen(function* () {
        yield* teams.startLink
        const ada = yield* member()
        const bob = yield* member()
        yield* by(ada, Effect.andThen(teams.register("red", 1), teams.register("red", 2)))
        yield* by(bob, teams.register("red", 3))
        yield* by(ada, Effect.andThen(teams.register("red", 4), teams.register("blue", 5)))
        expect((yield* teams.lookup("red")).map((entry) => entry.value)).toEqual([1, 2, 3, 4])
        expect(yield* by(ada, teams.keys())).toEqual(["red", "red", "red", "blue"])
        expect(yield* by(ada, teams.values("red"))).toEqual([1, 2, 4])
        expect(yield* by(ada, teams.unregister("red"))).toBe(true)
        expect((yield* teams.lookup("red")).map((entry) => entry.value)).toEqual([3])
        expect(yield* by(ada, teams.keys())).toEqual(["blue"])
      })
    ))

  it("RG06 loses all entries of a process with it", () =>
    onSystem(
      Effect.gen(function* () {
        yield* teams.startLink
        const ada = yield* member()
        const bob = yield* member()
        yield* by(ada, Effect.andThen(teams.register("red", 1), teams.register("blue", 2)))
        yield* by(bob, teams.register("red", 3))
        const left = yield* killThen(
          ada,
          Effect.all([teams.lookup("red"), teams.lookup("blue"), teams.keys(ada.pid), teams.count])
        )
        expect(left).toEqual([[{ ref: expect.anything(), value: 3 }], [], [], 1])
      })
    ))

  it("RG11 dispatches to all entries of a key, not at all when there are none, and fails as the function fails", () =>
    onSystem(
      Effect.gen(function* () {
        yield* teams.startLink
        const ada = yield* member("ada")
        const bob = yield* member("bob")
        const calls: Array<ReadonlyArray<number>> = []
        const tell = teams.dispatch("red", (entries) =>
          Effect.gen(function* () {
            calls.push(entries.map((entry) => entry.value))
            for (const { ref } of entries) yield* ref.relabel({ label: "told" })
          })
        )
        yield* tell
        expect(calls).toEqual([])
        yield* by(ada, teams.register("red", 1))
        yield* by(bob, teams.register("red", 2))
        yield* tell
        expect(calls).toEqual([[1, 2]])
        expect([yield* ada.label(), yield* bob.label()]).toEqual(["told", "told"])
        expect(yield* Effect.flip(teams.dispatch("red", () => Effect.fail("no")))).toBe("no")
      })
    ))

  it("finds who is there now, and leaves what was found before as it was", () =>
    onSystem(
      Effect.gen(function* () {
        yield* crowds.startLink
        const pidsOf = (found: Effect.Success<ReturnType<typeof crowds.lookup>>) =>
          found.map(({ ref }) => String(ref.pid))
        const [ada, bob, eve] = [yield* member("ada"), yield* member("bob"), yield* member("eve")]
        const [a, b, e] = [ada, bob, eve].map(({ pid }) => String(pid))
        yield* by(ada, crowds.register("here"))
        yield* by(bob, crowds.register("here"))
        const two = yield* crowds.lookup("here")
        yield* by(eve, crowds.register("here"))
        const three = yield* crowds.lookup("here")
        yield* by(ada, crowds.unregister("here"))
        const others = yield* crowds.lookup("here")
        const last = yield* killThen(bob, crowds.lookup("here"))
        expect([two, three, others, last].map(pidsOf)).toEqual([[a, b], [a, b, e], [b, e], [e]])
      })
    ))

  it("RG16 counts and lists its entries; selecting is filtering them", () =>
    onSystem(
      Effect.gen(function* () {
        yield* teams.startLink
        const ada = yield* member()
        expect(yield* teams.count).toBe(0)
        yield* by(
          ada,
          Effect.forEach([1, 2, 3], (value) => teams.register("red", value))
        )
        yield* by(ada, teams.register("blue", 2))
        expect(yield* teams.count).toBe(4)
        const twos = (yield* teams.entries).filter((entry) => entry.value === 2)
        expect(twos.map((entry) => entry.key)).toEqual(["red", "blue"])
      })
    ))
})

describe("keys and values", () => {
  const Point = Schema.Struct({ x: Schema.Int, y: Schema.Int })

  it("RG14 tells apart keys of different types, and takes equal data for equal keys", () =>
    onSystem(
      Effect.gen(function* () {
        const anything = Registry.unique("anything", Member, Schema.Union([Schema.Int, Schema.String, Point]))
        yield* anything.startLink
        const ada = yield* member("ada")
        const bob = yield* member("bob")
        yield* by(ada, anything.register(1))
        yield* by(bob, anything.register("1"))
        expect(yield* anything.at(1).label()).toBe("ada")
        expect(yield* anything.at(1.0).label()).toBe("ada")
        expect(yield* anything.at("1").label()).toBe("bob")
        yield* by(ada, anything.register({ x: 1, y: 2 }))
        expect(yield* anything.at({ y: 2, x: 1 }).label()).toBe("ada")
        expect(yield* by(ada, anything.keys())).toEqual([1, { x: 1, y: 2 }])
      })
    ))

  it("RG14 takes records for equal whatever the order of their fields", () =>
    onSystem(
      Effect.gen(function* () {
        const tagged = Registry.unique("tagged", Member, Schema.Record(Schema.String, Schema.Int))
        yield* tagged.startLink
        const ada = yield* member("ada")
        yield* by(ada, tagged.register({ b: 1, a: 2 }))
        expect(yield* tagged.at({ a: 2, b: 1 }).label()).toBe("ada")
        expect(yield* tagged.whereis({ a: 1, b: 2 })).toBeUndefined()
      })
    ))

  it("come back as what they were: the schema decodes what it encoded", () =>
    onSystem(
      Effect.gen(function* () {
        const calendar = Registry.unique("calendar", Member, Schema.Date, { value: Point })
        yield* calendar.startLink
        const ada = yield* member("ada")
        const day = new Date(0)
        yield* by(ada, calendar.register(day, { x: 1, y: 2 }))
        const [entry] = yield* calendar.entries
        expect(entry?.key).toEqual(day)
        expect(entry?.value).toEqual({ x: 1, y: 2 })
      })
    ))

  it("are defects when they are not of their schemas, saying what was expected; nothing is registered then", () =>
    onSystem(
      Effect.gen(function* () {
        yield* scores.startLink
        const ada = yield* member()
        // @ts-expect-error a key of this registry is a string
        const badKey = yield* by(ada, defectOf(scores.register(5, 1)))
        // @ts-expect-error a value of this registry is an integer
        const badValue = yield* by(ada, defectOf(scores.register("best", "1")))
        expect(badKey).toBeInstanceOf(Process.InvalidMessage)
        expect(badKey).toMatchObject({
          target: "the key of registry scores",
          problem: expect.stringContaining("Expected string")
        })
        expect(badValue).toBeInstanceOf(Process.InvalidMessage)
        expect(badValue).toMatchObject({ target: "the value of registry scores" })
        // @ts-expect-error a key of this registry is a string
        expect(() => scores.at(5)).toThrow(Process.InvalidMessage)
        expect(yield* scores.count).toBe(0)
      })
    ))
})

describe("a key as the name of a start", () => {
  it("N14 starts a server under it, finds it by it, and refuses a second one with the first one's pid", () =>
    onSystem(
      Effect.gen(function* () {
        yield* people.startLink
        const ada = yield* GenServer.start(Member, { label: "ada" }, { name: people.via("ada") })
        expect(yield* people.at("ada").label()).toBe("ada")
        const second = yield* Effect.flip(GenServer.start(Member, { label: "again" }, { name: people.via("ada") }))
        expect(second).toMatchObject({ problem: "already-started", pid: String(ada.pid) })
        yield* GenServer.terminate(people.at("ada"))
        expect(yield* people.whereis("ada")).toBeUndefined()
        expect(yield* Effect.flip(people.at("ada").label())).toMatchObject({ _tag: "NoProcess" })
      })
    ))
})
