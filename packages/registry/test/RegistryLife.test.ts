/** How a registry starts and ends, and who hears of its changes: catalogue RG18, RG22. */

import * as ExitReason from "@understudy/core/ExitReason"
import * as GenServer from "@understudy/core/GenServer"
import { parsePid } from "@understudy/core/internal/Values"
import * as Process from "@understudy/core/Process"
import * as System from "@understudy/core/System"
import { Registry } from "@understudy/registry"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { describe, expect, it } from "vitest"
import { by, endThen, killThen, Member, MemberLive, member, onSystem, quiet } from "./members.ts"

const people = Registry.unique("people", Member, Schema.String)

describe("the life of a registry", () => {
  it("RG22 refuses registrations while it is not started, and looks empty", () =>
    onSystem(
      Effect.gen(function* () {
        const ada = yield* member()
        const error = yield* Effect.flip(by(ada, people.register("chair")))
        expect(error).toBeInstanceOf(Registry.UnknownRegistry)
        expect(error.message).toContain('the registry "people" is not started')
        expect(yield* people.lookup("chair")).toBeUndefined()
        expect(yield* people.entries).toEqual([])
      })
    ))

  it("RG22 refuses names that cannot be a registry's", () => {
    const none: ReadonlyArray<readonly [unknown, string]> = [
      ["", "''"],
      [42, "42"],
      [null, "null"],
      [{ invalid: "x" }, "{ invalid: 'x' }"]
    ]
    for (const make of [Registry.unique, Registry.duplicate]) {
      for (const [name, shown] of none) {
        expect(() => make(name as string, Member, Schema.String)).toThrow(
          new RangeError(`Registry: the name of a registry is a text that is not empty; got ${shown}`)
        )
      }
      expect(() => make("understudy/registries", Member, Schema.String)).toThrow(
        new RangeError(
          'Registry: "understudy/registries" begins with "understudy/", as only Understudy\'s own names may'
        )
      )
    }
  })

  it("RG22 names the implementation that is missing, as the system's option takes it", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const error = yield* Effect.flip(Effect.scoped(people.startLink))
        expect(error.message).toBe(
          'cannot start understudy/Registry: no implementation of it was given. Add Registry.implementation to the option "implementations" of the system'
        )
      }).pipe(Effect.provide(System.layer({ schedulers: 1 })))
    ))

  it("RG01 names the key that is taken, and who has it, and what is missing", () => {
    const registry = "people"
    const pid = parsePid("<0.1.7>") as Process.Pid
    const texts = [
      new Registry.AlreadyRegistered({ registry, key: '"chair"', holder: pid }),
      new Registry.UnknownRegistry({ registry }),
      new Registry.NotRegistered({ registry, key: '"chair"', pid }),
      new Registry.NotAlive({ registry, key: '"chair"', pid })
    ].map(({ message }) => message)
    expect(texts).toEqual([
      'the key "chair" of the registry "people" is held by <0.1.7>',
      'the registry "people" is not started: is its spec among a supervisor\'s children?',
      '<0.1.7> does not hold the key "chair" of the registry "people"',
      'cannot register <0.1.7> as "chair" in the registry "people": it has ended'
    ])
  })

  it("is started once: a second start fails and leaves the first one's entries alone", () =>
    onSystem(
      Effect.gen(function* () {
        yield* people.startLink
        const ada = yield* member()
        yield* by(ada, people.register("chair"))
        const error = yield* Effect.flip(people.startLink)
        expect(error).toMatchObject({ _tag: "StartError", problem: "already-started" })
        expect(yield* people.count).toBe(1)
      })
    ))

  it.each([
    ["in order", ExitReason.shutdown],
    ["by kill", ExitReason.kill]
  ])("takes its entries with it when it ends %s; a new one starts empty, and the processes live on", (_, reason) =>
    onSystem(
      Effect.gen(function* () {
        const owner = yield* people.startLink
        const chair = people.at("chair")
        const ada = yield* member("ada")
        yield* by(ada, people.register("chair"))
        const seen = yield* endThen(
          owner,
          reason,
          Effect.all([people.whereis("chair"), people.count, people.keys(ada.pid)])
        )
        expect(seen).toEqual([undefined, 0, []])
        expect(yield* Effect.flip(by(ada, people.register("chair")))).toBeInstanceOf(Registry.UnknownRegistry)
        yield* people.startLink
        expect(yield* people.count).toBe(0)
        expect(yield* Effect.flip(chair.label())).toBeInstanceOf(GenServer.NoProcess)
        yield* by(ada, people.register("chair"))
        expect(yield* chair.label()).toBe("ada")
      })
    )
  )

  it("can be started again as soon as its end is known, and keeps what is registered from then on", () =>
    onSystem(
      Effect.gen(function* () {
        const owner = yield* people.startLink
        const ada = yield* member("ada")
        yield* by(ada, people.register("chair"))
        yield* killThen(owner, Effect.andThen(people.startLink, by(ada, people.register("table"))))
        expect(yield* by(ada, people.keys())).toEqual(["table"])
        expect(yield* people.at("table").label()).toBe("ada")
      })
    ))

  it("can be the root of a system, bringing its own code along", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const ada = yield* member("ada")
        yield* by(ada, people.register("chair"))
        expect(yield* people.at("chair").label()).toBe("ada")
      }).pipe(
        Effect.provide(System.layer({ schedulers: 1, implementations: [MemberLive], root: people.spec, layer: quiet }))
      )
    ))

  it("has a spec that a supervisor can start: an owner of its own name, permanent, within 5 seconds ended", () => {
    expect(people.spec).toMatchObject({
      id: "registry/people",
      name: "registry/people",
      args: { registry: "people" },
      restart: "permanent",
      shutdown: 5000,
      type: "worker",
      uses: []
    })
    expect(people.spec.definition.name).toBe("understudy/Registry")
    expect(people.spec.definition.args.is(people.spec.args)).toBe(true)
  })
})

describe("changes", () => {
  it("RG18 tells of every entry that comes or goes, also of those that vanish with their process", () =>
    onSystem(
      Effect.gen(function* () {
        yield* people.startLink
        const ada = yield* member()
        const changes = yield* people.subscribe
        yield* by(ada, Effect.andThen(people.register("chair"), people.unregister("chair")))
        yield* by(ada, people.register("table"))
        yield* killThen(ada, Effect.void)
        const seen = yield* Stream.runCollect(Stream.take(changes, 4))
        expect(seen.map(({ event, key }) => [key, event])).toEqual([
          ["chair", "registered"],
          ["chair", "unregistered"],
          ["table", "registered"],
          ["table", "unregistered"]
        ])
        expect(seen.every((change) => Process.equals(change.pid, ada.pid))).toBe(true)
      })
    ))

  it("end with the scope that listens, after what had happened by then", () =>
    onSystem(
      Effect.gen(function* () {
        yield* people.startLink
        const ada = yield* member()
        const changes = yield* Effect.scoped(Effect.tap(people.subscribe, () => by(ada, people.register("chair"))))
        yield* by(ada, people.register("table"))
        expect((yield* Stream.runCollect(changes)).map((change) => change.key)).toEqual(["chair"])
      })
    ))
})
