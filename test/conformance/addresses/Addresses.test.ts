/**
 * The text of an address belongs to the system it was made in: there it means the same process on every scheduler, and nowhere else does
 * it mean anything. A name is of no system.
 */
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { ExitReason, GenServer, Process, System } from "@understudy/core"
import { Supervisor } from "@understudy/supervisor"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { onEachSystem, type Place } from "../testers.ts"
import { byName, byPid, Echo, type Kind, Listener, program, read, Scribe, schemas, Word, write } from "./actors.ts"

const Heard = Schema.Union([Schema.Int, Schema.String, Schema.Struct({ alias: Process.alias(Word) })])
type Tester = Process.Self<typeof Heard.Type>

const play = {
  mailbox: Heard,
  entry: new URL("./entry.ts", import.meta.url),
  program,
  layer: (settings: object) => System.layer({ ...program, ...settings })
}

const kinds = Object.keys(schemas) as ReadonlyArray<Kind>

const hears = (tester: Tester) => tester.receiveWhen((message): message is string => typeof message === "string")

/** What is read where another system runs. */
const foreign = /Expected (a pid|an alias) of this system \(.+\): it is one of another system/

let uniques = 0

onEachSystem("Addresses as text", play, ({ here, scenario, there }) => {
  /** A process at a place, and an address of each kind. */
  const someone = (tester: Tester, place: Place, kind: Kind, as: string) =>
    Effect.gen(function* () {
      const to = tester.pid as Process.Pid as Process.Pid<typeof Word.Type>
      if (kind !== "an alias") return { pid: (yield* GenServer.start(Echo, { to, as }, place)).pid, alias: undefined }
      const args = {
        to: tester.pid as Process.Pid as Process.Pid<{ alias: Process.Alias<typeof Word.Type> }>,
        tell: to,
        as
      }
      const pid = yield* Process.start(Listener, args, place)
      const { alias } = yield* tester.receiveWhen(
        (message): message is { readonly alias: Process.Alias<typeof Word.Type> } =>
          typeof message === "object" && "alias" in message
      )
      return { pid, alias }
    })

  for (const kind of kinds) {
    scenario(`S58 ${kind} comes back on every scheduler, and is used from there`, function* (tester) {
      for (const place of [here, there]) {
        const as = `someone ${++uniques}`
        const { alias, pid } = yield* someone(tester, place, kind, as)
        for (const writing of [here, there]) {
          const writer = yield* GenServer.start(Scribe, {}, writing)
          const text = yield* writer.write({ kind, pid, ...(alias === undefined ? {} : { alias }) })
          // It says whose it is, and nothing else that would make it one
          expect(text).toMatch(/<\d+\.\d+\.\d+>(#\d+)?@[\w-]{8,}/)
          for (const reading of [here, there]) {
            const reader = yield* GenServer.start(Scribe, {}, reading)
            expect(yield* reader.use({ kind, text })).toBe("")
            expect(yield* hears(tester)).toMatch(new RegExp(`^${as} (heard|was told) `))
          }
        }
        // It stays what it was when its process has ended: the address of nobody
        const writer = yield* GenServer.start(Scribe, {}, here)
        const text = yield* writer.write({ kind, pid, ...(alias === undefined ? {} : { alias }) })
        const ref = yield* Process.monitor(pid)
        yield* Process.exit(pid, ExitReason.kill)
        yield* tester.receiveWhen(
          (message): message is Process.Down => message instanceof Process.Down && message.ref === ref
        )
        expect(yield* writer.use({ kind, text })).toBe("")
      }
      expect(yield* Process.info(tester.pid)).toMatchObject({ messageQueueLength: 0 })
    })
  }

  scenario("S58 a text without a system, or none at all, is refused and says what was expected", function* (tester) {
    const { pid } = yield* someone(tester, there, "a pid", "someone")
    const text: string = JSON.parse(yield* write("a pid", pid))
    const system = text.slice(text.indexOf("@"))
    const none = [
      // As texts were before they said whose they are
      String(pid),
      `${pid}@`,
      system,
      `@${text}`,
      `${text}@`,
      `${text}${system}`,
      `<64.1.1>${system}`,
      `<1.1>${system}`,
      `<0.1.-1>${system}`,
      "",
      "pid"
    ]
    for (const each of none) {
      for (const kind of ["a pid", "a pid of a mailbox"] as const) {
        expect((yield* Effect.flip(read(kind, JSON.stringify(each)))).message, each).toContain("Expected a pid")
      }
      expect((yield* Effect.flip(read("a ref", JSON.stringify([each])))).message, each).toContain("Expected a pid")
      for (const alias of [each, `${each}#`, `${each}#x`, each.replace("@", "#@")]) {
        expect((yield* Effect.flip(read("an alias", JSON.stringify(alias)))).message, alias).toContain(
          "Expected an alias"
        )
      }
    }
    for (const each of [null, 7, {}, [], [7], [null]]) {
      for (const kind of kinds) yield* Effect.flip(read(kind, JSON.stringify(each)))
    }
  })

  scenario("S58 a name comes back on every scheduler, and means whoever has it then", function* (tester) {
    const name = `named ${++uniques}`
    const text = yield* write("a ref", Echo.named(name))
    expect(JSON.parse(text)).toEqual(["", name])
    for (const [place, as] of [
      [here, "first"],
      [there, "second"]
    ] as const) {
      const { pid } = yield* someone(tester, place, "a pid", as)
      yield* Process.register(name, pid)
      for (const reading of [here, there]) {
        expect(yield* (yield* GenServer.start(Scribe, {}, reading)).use({ kind: "a ref", text })).toBe("")
        expect(yield* hears(tester)).toBe(`${as} was told by ref`)
      }
      yield* Process.unregister(name)
    }
  })

  scenario(
    "S58 addresses in what the runtime itself keeps as text: keys, values, arguments of children",
    function* (tester) {
      const to = tester.pid as Process.Pid as Process.Pid<typeof Word.Type>
      yield* byPid.startLink
      yield* byName.startLink
      for (const place of [here, there]) {
        const { pid } = yield* someone(tester, place, "a pid", "someone")
        const echo = yield* GenServer.start(Echo, { to, as: "kept" }, place)
        yield* byPid.registerRef(echo, pid, { owner: to })
        const entry = yield* byPid.lookup(pid)
        expect(String(entry?.ref.pid)).toBe(String(echo.pid))
        expect(String(entry?.value.owner)).toBe(String(to))
        yield* byPid.at(pid).note({ word: "by key" })
        expect(yield* hears(tester)).toBe("kept was told by key")
        yield* byName.registerRef(echo, `key ${++uniques}`, undefined)
        const text = yield* write("a ref", byName.at(`key ${uniques}`))
        expect(yield* (yield* GenServer.start(Scribe, {}, there)).use({ kind: "a ref", text })).toBe("")
        expect(yield* hears(tester)).toBe("kept was told by ref")
        const name = `supervisor ${++uniques}`
        yield* Supervisor.start({ ...Supervisor.supervisor(name, { strategy: "one-for-one", children: [] }), ...place })
        const child = Supervisor.child(Echo, { to, as: "child" }, { id: "child", ...there })
        const started = yield* Supervisor.startChild(name, child)
        yield* Echo.at(started!).note({ word: "started" })
        expect(yield* hears(tester)).toBe("child was told started")
      }
    }
  )
})

/** A few systems at a time, one in the other. */
const inSystem = <A, E>(body: Effect.Effect<A, E, System.System>, settings: object = {}) =>
  Effect.provide(body, System.layer({ ...program, ...settings }))

/** Someone, and the texts of its addresses, in a system. */
const texts = Effect.gen(function* () {
  const { pid } = yield* GenServer.start(Echo, { as: "someone" })
  const alias = yield* Process.run((self) => self.alias())
  const all: Array<readonly [Kind, string]> = []
  for (const kind of kinds) {
    const address =
      kind === "an alias"
        ? alias
        : kind === "a ref"
          ? Echo.at(pid)
          : kind === "a structure"
            ? { all: [Echo.at(pid), 7] }
            : pid
    all.push([kind, yield* write(kind, address)])
  }
  return all
})

describe("the text of an address in another system", () => {
  for (const [where, settings] of [
    ["of one scheduler", {}],
    ["of two virtual schedulers", { schedulers: 2, virtual: true }]
  ] as const) {
    it(`S58 is refused in another one of this OS process, ${where}, and says so`, () =>
      Effect.runPromise(
        inSystem(
          Effect.gen(function* () {
            const ours = yield* texts
            const theirs = yield* inSystem(
              Effect.gen(function* () {
                for (const [kind, text] of ours) expect((yield* Effect.flip(read(kind, text))).message).toMatch(foreign)
                // Also in a process, by all that decodes without waiting
                const scribe = yield* GenServer.start(Scribe, {})
                for (const [kind, text] of ours) expect(yield* scribe.use({ kind, text })).toMatch(foreign)
                const own = yield* texts
                for (const [kind, text] of own) expect(yield* scribe.use({ kind, text })).toBe("")
                return own
              }),
              settings
            )
            // The other one has ended, and these are what they were
            for (const [kind, text] of theirs) expect((yield* Effect.flip(read(kind, text))).message).toMatch(foreign)
            const scribe = yield* GenServer.start(Scribe, {})
            for (const [kind, text] of ours) expect(yield* scribe.use({ kind, text })).toBe("")
          }),
          settings
        )
      ))
  }

  it("S58 is refused in a later one, though its processes have the same pids", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const before = yield* inSystem(texts)
        yield* inSystem(
          Effect.gen(function* () {
            const after = yield* texts
            for (const [index, [kind, text]] of before.entries()) {
              expect((yield* Effect.flip(read(kind, text))).message).toMatch(foreign)
              const [, own = ""] = after[index] ?? []
              expect(own.replace(/@[\w-]+/, "")).toBe(text.replace(/@[\w-]+/, ""))
              expect(own).not.toBe(text)
            }
          })
        )
      })
    ))

  it("S58 two systems of one OS process each keep their own addresses as text", () =>
    Effect.runPromise(
      inSystem(
        Effect.gen(function* () {
          const keep = Process.run((self) =>
            Effect.gen(function* () {
              const there = { on: { scheduler: (yield* System.schedulers).length - 1 } }
              const scribe = yield* GenServer.start(Scribe, {}, there)
              expect(String(yield* scribe.again({ pid: self.pid }))).toBe(String(self.pid))
              const echo = yield* GenServer.start(Echo, { as: "kept" })
              const owner = self.pid as Process.Pid as Process.Pid<typeof Word.Type>
              yield* byPid.registerRef(echo, self.pid, { owner })
              const entry = yield* byPid.lookup(self.pid)
              expect(String(entry?.value.owner)).toBe(String(owner))
              const name = `supervisor ${++uniques}`
              yield* Supervisor.start({
                ...Supervisor.supervisor(name, { strategy: "one-for-one", children: [] }),
                ...there
              })
              yield* Supervisor.startChild(name, Supervisor.child(Echo, { to: owner, as: "child" }, { id: "child" }))
              yield* Process.send(self.pid, "done")
              expect(yield* self.receive).toBe("done")
            })
          )
          const opened = Supervisor.start(byPid.spec)
          yield* opened
          yield* keep
          yield* inSystem(Effect.andThen(opened, keep), { schedulers: 2, virtual: true })
          yield* keep
        }),
        { schedulers: 2, virtual: true }
      )
    ))

  it("S58 is refused in another OS process, and its texts are here; a name means whoever has it there", async () => {
    const file = fileURLToPath(new URL("./otherProgram.ts", import.meta.url))
    const child = spawn(process.execPath, ["--conditions=@understudy/source", file], {
      stdio: ["pipe", "pipe", "inherit"]
    })
    const answer = new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).once("line", resolve)
      child.once("error", reject).once("exit", (code) => reject(new Error(`it ended with ${code}`)))
    })
    await Effect.runPromise(
      inSystem(
        Effect.gen(function* () {
          const echo = yield* GenServer.start(Echo, { as: "ours" }, { name: "everywhere" })
          const ours = yield* texts
          child.stdin.write(`${JSON.stringify(ours)}\n`)
          const theirs = JSON.parse(yield* Effect.promise(() => answer)) as {
            readonly outcomes: ReadonlyArray<string>
            readonly texts: ReadonlyArray<readonly [Kind, string]>
            readonly named: string
          }
          expect(theirs.outcomes.length).toBe(ours.length)
          for (const outcome of theirs.outcomes) expect(outcome).toMatch(foreign)
          expect(theirs.texts.length).toBeGreaterThan(3)
          for (const [kind, text] of theirs.texts) {
            expect((yield* Effect.flip(read(kind, text))).message).toMatch(foreign)
          }
          expect(theirs.named).toBe("other")
          expect(yield* Echo.named("everywhere").name()).toBe("ours")
          expect(yield* echo.name()).toBe("ours")
        })
      )
    )
  })
})
