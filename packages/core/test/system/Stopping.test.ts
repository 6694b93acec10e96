/** How a system and its schedulers end: in order where they can, by force where they cannot, and without a trace. */
import { execFile } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { describe, expect } from "vitest"
import { GenServer, System } from "../../src/index.ts"
import { Diary, implementations, Worker } from "./actors.ts"

const options = { entry: new URL("./entry.ts", import.meta.url), schedulers: 2, implementations } as const
const on = (slot: number) => ({ on: { scheduler: slot } })

/** A folder that is gone when the test is over. */
const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "understudy-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

/** The events of these kinds, from now on, until the first of kind `last`. */
const until = (last: System.Event["_tag"], ...kinds: ReadonlyArray<System.Event["_tag"]>) =>
  Effect.forkChild(
    System.events.pipe(
      Stream.filter(({ _tag }) => _tag === last || kinds.includes(_tag)),
      Stream.takeUntil(({ _tag }) => _tag === last),
      Stream.runCollect
    ),
    { startImmediately: true }
  )

describe("a scheduler that is blocked", () => {
  it.live("S21 is reported with who holds it, and goes on when it comes back before twice the limit", () =>
    Effect.gen(function* () {
      const exists = join(yield* folder, "go on")
      const worker = yield* GenServer.start(Worker, { name: "w" }, on(1))
      const events = yield* until("SchedulerBlocked")
      yield* worker.spinUntil({ exists })
      const [event] = yield* Fiber.join(events)
      writeFileSync(exists, "")
      expect(event).toMatchObject({
        _tag: "SchedulerBlocked",
        slot: 1,
        incarnation: 1,
        contract: "test/Worker",
        ended: false
      })
      expect(event !== undefined && "pid" in event && String(event.pid)).toBe(String(worker.pid))
      expect(yield* worker.where({ timeout: "Infinity" })).toBe(1)
      const [, slot] = yield* System.schedulers
      expect(slot).toMatchObject({ incarnation: 1, restarts: 0 })
    }).pipe(Effect.scoped, Effect.provide(System.layer({ ...options, watchdog: "1.5 seconds" })))
  )

  it.live("S21 is ended at twice the limit, and its slot is filled again", () =>
    Effect.gen(function* () {
      const worker = yield* GenServer.start(Worker, { name: "w" }, on(1))
      const events = yield* until("SchedulerUp", "SchedulerBlocked", "SchedulerDown")
      yield* worker.spin()
      const [blocked, over, down, up] = yield* Fiber.join(events)
      expect(blocked).toMatchObject({ _tag: "SchedulerBlocked", ended: false, contract: "test/Worker" })
      expect(over).toMatchObject({ _tag: "SchedulerBlocked", ended: true, contract: "test/Worker" })
      expect(down).toMatchObject({ _tag: "SchedulerDown", slot: 1, incarnation: 1, problem: "its watchdog ended it" })
      expect(up).toMatchObject({ _tag: "SchedulerUp", slot: 1, incarnation: 2 })
    }).pipe(Effect.provide(System.layer({ ...options, watchdog: "400 millis" })))
  )
})

describe("a system that stops", () => {
  for (const virtual of [false, true]) {
    const kind = virtual ? "virtual " : ""

    it.live(`S23 ends the processes of each of its ${kind}schedulers in order, the youngest first`, () =>
      Effect.gen(function* () {
        const path = join(yield* folder, "diary")
        const run = Effect.forEach(["a", "b", "c"], (name) =>
          Effect.forEach([0, 1], (slot) => GenServer.start(Diary, { path, name: `${slot}${name}` }, on(slot)))
        )
        yield* Effect.provide(run, System.layer({ ...options, virtual }))
        const lines = readFileSync(path, "utf8").trim().split("\n")
        for (const slot of ["0", "1"]) {
          const expected = ["c", "b", "a"].map((name) => `${slot}${name} Shutdown`)
          expect(lines.filter((line) => line.startsWith(slot))).toEqual(expected)
        }
      }).pipe(Effect.scoped)
    )
  }

  it.live("ends also when a thread has timers left, or never comes back", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "diary")
      const run = Effect.gen(function* () {
        const careless = yield* GenServer.start(Diary, { path, name: "careless" }, on(1))
        yield* careless.keepThread()
        const worker = yield* GenServer.start(Worker, { name: "w" }, on(2))
        const exists = join(path, "..", "never")
        yield* worker.spinUntil({ exists })
        yield* Effect.repeat(
          Effect.sync(() => existsSync(`${exists}.awaited`)),
          { until: (spins) => spins }
        )
      })
      yield* Effect.provide(run, System.layer({ ...options, schedulers: 3 }))
      expect(readFileSync(path, "utf8")).toBe("careless Shutdown\n")
    }).pipe(Effect.scoped)
  )

  /** What the program that starts and stops systems holds. */
  interface Held {
    readonly threads: number
    readonly resources: ReadonlyArray<string>
    readonly heapUsed: number
    readonly external: number
    readonly arrayBuffers: number
    readonly rss: number
  }

  // CYCLES=100 is the whole promise, which `npm run soak` tests. So few find what is left each time just as well, from 32 KiB on
  const cycles = Number(process.env.CYCLES ?? 20)
  const kibibyte = 1024
  /** By how much each may grow in the second half of the cycles, however many there are: what all of them left. */
  const tolerance = {
    heapUsed: 256 * kibibyte,
    external: 128 * kibibyte,
    arrayBuffers: 128 * kibibyte,
    // A system of four has six megabytes of rings, and each thread an isolate: the OS process itself is not that steady
    rss: 16 * 1024 * kibibyte
  }

  /** From the end of the first half to the end of the second. Three of each are looked at: single ones vary. */
  const growth = (samples: ReadonlyArray<Held>, of: keyof typeof tolerance): number => {
    const lastOf = (end: number) => samples.slice(end - 3, end).map((held) => held[of])
    return Math.min(...lastOf(samples.length)) - Math.max(...lastOf(Math.floor(samples.length / 2)))
  }

  const leavesNothing = () =>
    Effect.gen(function* () {
      const program = fileURLToPath(new URL("./cyclesProgram.ts", import.meta.url))
      const args = ["--expose-gc", ...process.execArgv, "--conditions=@understudy/source", program, String(cycles)]
      const output = yield* Effect.callback<string, Error>((resume) => {
        const child = execFile(process.execPath, args, { maxBuffer: Number.POSITIVE_INFINITY }, (error, stdout) =>
          resume(error === null ? Effect.succeed(stdout) : Effect.fail(error))
        )
        return Effect.sync(() => void child.kill())
      })
      // The program's own last line
      const samples = JSON.parse(output.trim().split("\n").at(-1) ?? "") as ReadonlyArray<Held>
      expect(samples).toHaveLength(cycles)
      const names = Object.keys(tolerance) as ReadonlyArray<keyof typeof tolerance>
      const grown = names.map((name) => [name, growth(samples, name)] as const)
      const told = grown.map(([name, bytes]) => `${name} ${Math.round(bytes / kibibyte)} KiB`).join(", ")
      console.log(`${cycles} systems of 4 schedulers, growth in the second half: ${told}`)
      const held = samples.map(({ resources, threads }) => ({ resources, threads }))
      expect(held.at(-1)).toEqual(held[0])
      expect(held[0]?.resources.filter((name) => !/^(Pipe|TTY)Wrap$/.test(name))).toEqual([])
      for (const [name, bytes] of grown) expect(bytes, `${name} of ${told}`).toBeLessThan(tolerance[name])
    })

  it.live(
    "leaves memory, handles and threads where they were, however often it is done",
    leavesNothing,
    60_000 + cycles * 20_000
  )
})
