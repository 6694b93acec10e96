/**
 * The main thread's care for worker schedulers, without threads and without time: workers that do what a test says, and a
 * clock that it turns.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import type { SchedulerEvent } from "../../src/scheduler/SchedulerEvent.ts"
import { limitsOf } from "../../src/system/events/Monitor.ts"
import { type Settings, timeLimitsOf } from "../../src/system/threads/Settings.ts"
import { Workers, type WorkersOptions } from "../../src/system/threads/Workers.ts"
import { SharedTable } from "../../src/system/transport/SharedTable.ts"
import { FakeWorker } from "./FakeWorker.ts"

vi.mock("node:worker_threads", async (original) => ({
  ...(await original<typeof import("node:worker_threads")>()),
  Worker: (await import("./FakeWorker.ts")).FakeWorker
}))

beforeEach(() => {
  FakeWorker.started = []
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"] })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const second = 1000
/** How often a scheduler shows its heartbeat by default. */
const heartbeat = 500

/** A system of two schedulers with these settings, whose second is the worker started last. */
const make = (settings: Settings = {}) => {
  const table = SharedTable.make(2)
  const events: Array<SchedulerEvent> = []
  const mesh = {
    connect: () => undefined,
    disconnect: () => undefined,
    report: (event: SchedulerEvent) => void events.push(event)
  }
  const tuning = {
    system: "test",
    freeze: true,
    slice: 128,
    busyWait: "none",
    heartbeat,
    monitor: limitsOf(undefined)
  } as const
  const workers = new Workers({
    entry: new URL("./entry.ts", import.meta.url),
    schedulers: 2,
    table,
    // All of a mesh that they use
    mesh: mesh as unknown as WorkersOptions["mesh"],
    tuning,
    fingerprints: { Same: "1" },
    definitions: [],
    ...timeLimitsOf(settings),
    log: () => undefined
  })
  const last = () => {
    const worker = FakeWorker.started.at(-1)
    if (worker === undefined) throw new Error("no worker was started")
    return worker
  }
  return {
    workers,
    table,
    last,
    told: (tag: SchedulerEvent["_tag"]) => events.filter(({ _tag }) => _tag === tag),
    ready: () => last().says({ kind: "ready", fingerprints: { Same: "1" } }),
    /** Time passes while the worker's event loop turns. */
    turns: async (milliseconds: number) => {
      for (let passed = 0; passed < milliseconds; passed += heartbeat) {
        table.beat(1)
        await vi.advanceTimersByTimeAsync(heartbeat)
      }
    },
    /** Time passes while nothing comes from the worker. */
    still: (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds)
  }
}

/** The same, when the worker has become ready. */
const running = async (settings: Settings = {}) => {
  const made = make(settings)
  const started = made.workers.start()
  made.ready()
  await started
  await made.turns(5 * second)
  return made
}

describe("the watchdog's default limits", () => {
  it("S21 a scheduler that is blocked for 5 seconds is neither reported nor ended", async () => {
    const { last, still, told, turns, workers } = await running()
    for (let again = 0; again < 10; again++) {
      await still(5 * second)
      await turns(second)
    }
    expect(told("SchedulerBlocked")).toEqual([])
    expect(last().terminated).toBe(false)
    await workers.stop()
  })

  it("S21 one blocked for 12 seconds is reported once and goes on", async () => {
    const { last, still, told, turns, workers } = await running()
    await still(12 * second)
    expect(told("SchedulerBlocked")).toMatchObject([{ slot: 1, incarnation: 1, ended: false }])
    await turns(60 * second)
    expect(told("SchedulerBlocked")).toHaveLength(1)
    expect(last().terminated).toBe(false)
    await workers.stop()
  })

  it("S21 one blocked for 21 seconds is ended, reported and its slot filled again", async () => {
    const { ready, still, told, workers } = await running()
    const [first] = FakeWorker.started
    await still(18 * second)
    expect(first?.terminated).toBe(false)
    await still(3 * second)
    expect(first?.terminated).toBe(true)
    expect(told("SchedulerBlocked")).toMatchObject([{ ended: false }, { ended: true }])
    expect(told("SchedulerDown")).toMatchObject([{ slot: 1, problem: "its watchdog ended it" }])
    ready()
    expect(told("SchedulerUp")).toMatchObject([{ incarnation: 1 }, { incarnation: 2 }])
    await workers.stop()
  })

  it("S21 what is ended is reported once, however long its thread takes to end", async () => {
    const { last, still, told, workers } = await running()
    last().lingers = true
    await still(60 * second)
    expect(told("SchedulerBlocked")).toMatchObject([{ ended: false }, { ended: true }])
    expect(last().terminations).toBe(1)
    last().ends(1)
    await still(0)
    expect(told("SchedulerDown")).toHaveLength(1)
    await workers.stop()
  })

  it("nothing is reported when it is switched off", async () => {
    const { last, still, told, workers } = await running({ watchdog: "Infinity" })
    await still(3600 * second)
    expect(told("SchedulerBlocked")).toEqual([])
    expect(last().terminated).toBe(false)
    await workers.stop()
  })
})

describe("a worker that never becomes ready", () => {
  it("S24 fails the first boot after 30 seconds, with its slot and what may be wrong", async () => {
    const { last, still, workers } = make()
    const started = workers.start().then(
      () => "started",
      (error: Error) => error.message
    )
    await still(29 * second)
    expect(last().terminated).toBe(false)
    await still(3 * second)
    expect(await started).toMatch(
      /^scheduler 1 was not ready within 30 seconds: its entry file:.*\/entry.ts has not called System.main. The entry/
    )
    expect(last().terminated).toBe(true)
    await workers.stop()
  })

  it("S24 is ended, reported and tried again when it refills a slot, until one becomes ready", async () => {
    const { last, ready, still, table, told, workers } = await running({ bootTimeout: "5 seconds" })
    workers.kill(1)
    const untilAttempt = async (count: number) => {
      while (FakeWorker.started.length < 1 + count) await still(100)
    }
    for (const attempt of [1, 2, 3]) {
      await untilAttempt(attempt)
      expect(table.snapshot(1).state).toBe("starting")
      await still(4 * second)
      expect(last().terminated).toBe(false)
      await still(2 * second)
      expect(FakeWorker.started[attempt]?.terminated).toBe(true)
      expect(told("SchedulerDown").at(-1)).toMatchObject({
        slot: 1,
        incarnation: 1 + attempt,
        problem: expect.stringMatching(/^was not ready within 5 seconds: its entry .* has not called System.main. /)
      })
    }
    await untilAttempt(4)
    ready()
    await still(9 * second)
    expect(last().terminated).toBe(false)
    expect(table.snapshot(1).state).toBe("up")
    await workers.stop()
  })

  it("is waited for as long as it takes when that is switched off", async () => {
    const { last, ready, still, workers } = make({ bootTimeout: "Infinity" })
    const started = workers.start()
    await still(3600 * second)
    expect(last().terminated).toBe(false)
    ready()
    await started
    await workers.stop()
  })

  it("is not blamed for time in which the main thread itself was held up", async () => {
    const { last, ready, workers } = make()
    const started = workers.start()
    await vi.advanceTimersByTimeAsync(10 * second)
    // The clock has gone on for an hour, and no timer has run
    const { now } = performance
    vi.spyOn(performance, "now").mockImplementation(() => now.call(performance) + 3600 * second)
    await vi.advanceTimersByTimeAsync(10 * second)
    expect(last().terminated).toBe(false)
    ready()
    await started
    await workers.stop()
  })
})

describe("a boot that fails", () => {
  it("is told with the problem, at first as the start's error, later as an event", async () => {
    const first = make()
    const failed = first.workers.start().catch((error: Error) => error.message)
    first.last().says({ kind: "failed", problem: "no database" })
    expect(await failed).toBe("scheduler 1 could not start: no database")
    await first.workers.stop()

    const { last, still, told, workers } = await running()
    workers.kill(1)
    await still(0)
    last().says({ kind: "failed", problem: "no database" })
    last().ends(1)
    await still(0)
    expect(told("SchedulerDown").at(-1)).toMatchObject({ problem: "could not start: no database" })
    await workers.stop()
  })
})
