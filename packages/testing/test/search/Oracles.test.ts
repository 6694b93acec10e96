/** The rules that every run has to keep can be broken: runs as a broken runtime would tell them, and as a right one does. */
import { ExitReason, Process } from "@understudy/core"
import type { StepEvent } from "@understudy/core/Simulation"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { Oracles } from "../../src/oracles/Oracles.ts"
import { runProcess } from "../../src/Run.ts"

const exit = await runProcess(function* () {
  const spawned = Process.spawn(Schema.Never, () => Effect.void)
  const first = yield* spawned
  return [first, yield* spawned, yield* Process.monitor(first)] as const
})
if (exit._tag === "Failure") throw new Error(String(exit.cause))
const [ann, bob, monitor] = exit.value

/** As in a distributive type, each kind of event without its stamp. */
type Unstamped = StepEvent extends infer E ? (E extends StepEvent ? Omit<E, "step" | "time"> : never) : never

const left = (from: string, message: unknown): Unstamped => ({
  _tag: "Left",
  from,
  edge: "0->1",
  signal: "Message",
  to: "test/receiver",
  message
})
const arrives = (message: unknown, from?: string): Unstamped => ({
  _tag: "Sent",
  from,
  to: "test/receiver",
  kind: "message",
  message
})
const born: ReadonlyArray<Unstamped> = [
  { _tag: "Born", process: "test/ann", parent: "test", slot: 0, pid: ann, label: "ann" },
  { _tag: "Born", process: "test/bob", parent: "test", slot: 0, pid: bob, label: "bob" }
]
const down = (pid: Process.Pid, reason: ExitReason.ExitReason = ExitReason.normal): Unstamped => ({
  _tag: "Signal",
  to: "test/receiver",
  signal: new Process.Down(monitor, pid, undefined, reason)
})

const brokenBy = (...events: ReadonlyArray<Unstamped>): ReadonlyArray<string> => {
  const oracles = new Oracles()
  // Stamped here
  for (const [step, event] of [...born, ...events].entries()) oracles.step({ ...event, step, time: 0 } as StepEvent)
  return oracles.broken.map(({ rule }) => rule)
}

describe("pair order", () => {
  it("is broken by a message that arrives behind what its sender sent after it", () => {
    expect(brokenBy(left("test/ann", 1), left("test/ann", 2), arrives(2), arrives(1))).toEqual(["pair order"])
    expect(
      brokenBy(left("test/ann", 1), left("test/ann", 2), left("test/ann", 3), arrives(3), arrives(1), arrives(2))
    ).toEqual(["pair order", "pair order"])
  })

  it("is kept in the order of sending, by several senders in any order, and where messages are dropped", () => {
    expect(brokenBy(left("test/ann", 1), left("test/ann", 2), arrives(1), arrives(2))).toEqual([])
    expect(brokenBy(left("test/ann", 1), left("test/bob", 2), arrives(2), arrives(1))).toEqual([])
    expect(brokenBy(left("test/ann", 1), left("test/ann", 2), arrives(2), left("test/ann", 1), arrives(1))).toEqual([])
    expect(brokenBy(left("test/ann", 1), left("test/ann", 1), arrives(1), arrives(1))).toEqual([])
  })
})

describe("ends", () => {
  it("are broken by a second DOWN of one monitor", () => {
    expect(brokenBy(down(ann), down(ann))).toEqual(["ends"])
  })

  it("are broken by a message behind the DOWN of its sender, of this scheduler or another one", () => {
    expect(brokenBy(down(ann), arrives(1, "test/ann"))).toEqual(["ends"])
    expect(brokenBy(left("test/ann", 1), down(ann), arrives(1))).toEqual(["ends"])
  })

  it("are kept by last words before the DOWN, by others' messages behind it, and where there was no process", () => {
    expect(brokenBy(left("test/ann", 1), arrives(1), down(ann), arrives(2, "test/bob"))).toEqual([])
    expect(brokenBy(left("test/ann", 1), down(ann, ExitReason.noProcess), arrives(1))).toEqual([])
  })
})
