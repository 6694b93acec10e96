/** What a system says that cannot start, and what to do about it. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { build } from "tsup"
import { afterAll, beforeAll, describe, expect } from "vitest"
import { System } from "../../src/index.ts"
import { differenceOf, fingerprintsOf } from "../../src/system/threads/Builds.ts"
import { implementations, WorkerLive } from "./actors.ts"

const at = (file: string) => new URL(file, import.meta.url)

/** Why a system with that entry does not start. The file's folder is left out. */
const problemOf = (
  entry: string,
  settings: System.Settings = {},
  known: System.Options<never, never>["implementations"] = implementations
) =>
  Effect.map(
    Effect.flip(
      Effect.scoped(Layer.build(System.layer({ schedulers: 2, implementations: known, entry: at(entry), ...settings })))
    ),
    ({ message }) => message.replaceAll(new URL(".", import.meta.url).href, "").split("\n")[0]
  )

const advice =
  "The entry is run by each scheduler: it must load, and call System.main or build System.layer, with the same program"

describe("an entry that never joins", () => {
  it.live("S24 is told to whoever starts the system when its thread has ended", () =>
    Effect.gen(function* () {
      for (const [entry, code] of [
        ["silentEntry.ts", 0],
        ["leavingEntry.ts", 3]
      ] as const) {
        expect(yield* problemOf(entry)).toBe(
          `the system could not start: scheduler 1 ended with code ${code} before it was ready: its entry ${entry} has not called System.main. ${advice}`
        )
      }
    })
  )

  it.live("S24 is told when the boot has taken too long and its thread has not ended", () =>
    Effect.map(problemOf("idleEntry.ts", { bootTimeout: "1 second" }), (problem) =>
      expect(problem).toBe(
        `the system could not start: scheduler 1 was not ready within 1 second: its entry idleEntry.ts has not called System.main. ${advice}`
      )
    )
  )

  it.live("S24 is not what is told of one that has joined and whose layer waits", () =>
    Effect.gen(function* () {
      let problem: string | undefined
      // On a busy machine a worker takes seconds to join
      for (const bootTimeout of ["1 second", "5 seconds", "25 seconds"] as const) {
        problem = yield* problemOf("waitingEntry.ts", { bootTimeout })
        if (problem?.includes("has not called System.main") !== true) break
      }
      expect(problem).toMatch(
        /^the system could not start: scheduler 1 was not ready within \d+ seconds?: the program's layer holds it up\. If that only needs more time, raise the option bootTimeout$/
      )
    })
  )

  it.live("or throws before it joins is told with what it has thrown", () =>
    Effect.map(problemOf("brokenEntry.ts"), (problem) =>
      expect(problem).toBe(
        "the system could not start: scheduler 1 ended with code 1 before it was ready: Error: this entry is broken"
      )
    )
  )
})

describe("schedulers of different builds", () => {
  it.live("are told by the contracts that differ, and on which side", () =>
    Effect.map(problemOf("otherEntry.ts", {}, [WorkerLive]), (problem) =>
      expect(problem).toBe(
        'the system could not start: scheduler 1 runs other contracts than the main thread: "test/Worker" has other schemas on scheduler 1 than on the main thread. All schedulers must be of one build, and be given the same implementations'
      )
    )
  )

  const known = fingerprintsOf(new Map(implementations.map(({ definition }) => [definition.name, definition])))

  it("differ in nothing when they have the same contracts, in whatever order", () => {
    expect(Object.keys(known)).toHaveLength(implementations.length)
    expect(differenceOf(known, Object.fromEntries(Object.entries(known).reverse()), "scheduler 1")).toBeUndefined()
  })

  it("are told which side lacks a contract, whatever it is called", () => {
    expect(differenceOf({ a: "1", constructor: "2" }, { a: "1", toString: "3" }, "scheduler 4")).toBe(
      '"constructor" is only on the main thread; "toString" is only on scheduler 4'
    )
  })

  it("are told some of many that differ, and how many more do", () => {
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`c${String(n).padStart(2, "0")}`, "1"]))
    expect(differenceOf(many, {}, "scheduler 1")).toMatch(/"c07" is only on the main thread; 12 more differ$/)
  })
})

describe("System.main", () => {
  it("refuses what does not say where the entry is", () => {
    const bad: ReadonlyArray<readonly [unknown, string]> = [
      [{}, "{}"],
      [undefined, "undefined"],
      [{ url: undefined }, "{ url: undefined }"],
      [{ url: "./entry.js" }, "{ url: './entry.js' }"]
    ]
    for (const [entry, shown] of bad) {
      expect(() => System.main(entry as ImportMeta, { schedulers: 1 })).toThrow(
        new TypeError(
          `System.main: expected import.meta, or the file: URL of the entry; got ${shown}. In a CommonJS bundle import.meta is empty: pass pathToFileURL(__filename), of node:url, or make the bundle an ES module`
        )
      )
    }
  })

  describe("in a CommonJS bundle", () => {
    const folder = mkdtempSync(fileURLToPath(at("../../../../node_modules/.commonjs-")))
    beforeAll(() =>
      build({
        entry: [fileURLToPath(at("./commonJsEntry.ts"))],
        outDir: folder,
        format: "cjs",
        platform: "node",
        target: "node24",
        config: false,
        silent: true,
        noExternal: [/.*/],
        esbuildOptions: (esbuild) => {
          esbuild.conditions = ["@understudy/source"]
          // It warns of the import.meta that this is about
          esbuild.logLevel = "silent"
        }
      })
    )
    afterAll(() => rmSync(folder, { recursive: true, force: true }))

    const run = (...args: ReadonlyArray<string>) =>
      spawnSync(process.execPath, [join(folder, "commonJsEntry.cjs"), ...args], { encoding: "utf8" })

    it("says what to pass in place of import.meta", () => {
      const { status, stderr } = run()
      expect(status).toBe(1)
      expect(stderr).toContain("TypeError: System.main: expected import.meta, or the file: URL of the entry; got {}")
      expect(stderr).toContain("pass pathToFileURL(__filename), of node:url")
    })

    it("runs on all schedulers when that is passed", () => {
      expect(run("by its file")).toMatchObject({ status: 0, stdout: "it runs on 1" })
    })
  })
})
