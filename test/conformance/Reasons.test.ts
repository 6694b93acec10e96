// The reason that is decided first stands, whatever comes while the process still unwinds; its end is told when it has.
import { ExitReason, GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { expect } from "vitest"
import { Word } from "./actors.ts"
import { Gate } from "./bounded.ts"
import {
  first,
  Leaver,
  LeavingServer,
  type lastDeeds,
  leaving,
  type ownEnds,
  type places,
  second,
  waiting
} from "./leavers.ts"
import { drain, forEachSystem, reasonOf, type Tester } from "./systems.ts"

type Place = (typeof places)[number]
type OwnEnd = (typeof ownEnds)[number]

/** What decides the end, and what it is told with. */
interface Decision {
  readonly reason: object
  /** A signal of others, or what the process does by itself. */
  readonly by: ExitReason.ExitReason | OwnEnd
}

const failed = { _tag: "Failed", error: first }

const firsts: Readonly<Record<string, Decision>> = {
  "a failure by a signal": { by: ExitReason.failed(first), reason: failed },
  "a shutdown": { by: ExitReason.shutdown, reason: ExitReason.shutdown },
  "a shutdown that says why": { by: ExitReason.shutdownWith(first), reason: { _tag: "Shutdown", detail: first } },
  "a kill": { by: ExitReason.kill, reason: ExitReason.killed },
  "its return": { by: "returns", reason: ExitReason.normal },
  "its own shutdown": { by: "shuts down", reason: { _tag: "Shutdown", detail: first } },
  "its own failure": { by: "fails", reason: failed },
  "its own defect": { by: "dies", reason: { _tag: "Died", defect: { message: first } } },
  "its own exit": { by: "exits", reason: failed },
  "its own exit signal": { by: "signals itself", reason: failed },
  "its own kill": { by: "kills itself", reason: ExitReason.killed }
}

/** What comes then. */
interface Next {
  readonly signals?: ReadonlyArray<ExitReason.ExitReason>
  /** What its finalizer does. */
  readonly last?: (typeof lastDeeds)[number]
  /** A process that it is linked to is killed. */
  readonly link?: true
  /** Its end is told at once then, and not when it has unwound. */
  readonly atOnce?: true
  /** What it ends with where nothing had been decided. */
  readonly reason?: object
}

const nexts: Readonly<Record<string, Next>> = {
  nothing: {},
  "a failure by a signal": { signals: [ExitReason.failed(second)], reason: ExitReason.failed(second) },
  "a shutdown": { signals: [ExitReason.shutdown], reason: ExitReason.shutdown },
  "a signal of reason normal": { signals: [ExitReason.normal] },
  "a kill": { signals: [ExitReason.kill], atOnce: true, reason: ExitReason.killed },
  "two kills": { signals: [ExitReason.kill, ExitReason.kill], atOnce: true, reason: ExitReason.killed },
  "a shutdown and a kill": {
    signals: [ExitReason.shutdown, ExitReason.kill],
    atOnce: true,
    reason: ExitReason.shutdown
  },
  "the kill of a process it is linked to": { link: true, reason: ExitReason.killed },
  "a defect of its finalizer": { last: "dies", reason: { _tag: "Died", defect: { message: second } } },
  "an exit signal of its finalizer to itself": { last: "exits", reason: ExitReason.failed(second) }
}

/** Where it is while that happens: a raw process in its code or as its scope closes, a server also in its `terminate`. */
const stages: ReadonlyArray<readonly [kind: "process" | "server", place: Place]> = [
  ["process", "code"],
  ["process", "scope"],
  ["server", "code"],
  ["server", "scope"],
  ["server", "terminate"]
]

forEachSystem("S reasons", ({ here, scenario, system, there }) => {
  const play = (
    tester: Tester,
    about: string,
    [kind, place]: (typeof stages)[number],
    decision: Decision,
    next: Next
  ) =>
    Effect.gen(function* () {
      const gate = yield* GenServer.start(Gate, {}, here)
      const args = { to: tester.pid, gate, place, last: next.last ?? "nothing" }
      let pid: Process.Pid
      let ref: Process.MonitorRef
      let calling: Fiber.Fiber<unknown, unknown> | undefined
      if (kind === "process") {
        const leaver = yield* Process.start(Leaver, args, there)
        pid = leaver
        ref = yield* tied(pid)
        // It is parked when it has had its turn
        yield* Process.info(pid)
        yield* Effect.yieldNow
        if (typeof decision.by === "string") yield* Process.send(leaver, decision.by)
      } else {
        const server = yield* GenServer.start(LeavingServer, args, there)
        pid = server.pid
        ref = yield* tied(pid)
        calling = yield* Effect.forkChild(Effect.flip(server.never({ timeout: "Infinity" })), {
          startImmediately: true
        })
        if (typeof decision.by === "string") yield* server.leave({ own: decision.by })
        else if (place === "code") {
          yield* server.wait()
          expect(yield* tester.receive).toBe(waiting)
        }
      }
      const partner = yield* Process.spawn(Word, (self) => Effect.andThen(Process.link(pid), self.receive))
      // The link and the handler are there
      yield* Effect.yieldNow
      yield* Process.isAlive(pid)
      if (typeof decision.by !== "string") yield* Process.exit(pid, decision.by)

      const isKilled = (decision.reason as ExitReason.ExitReason)._tag === "Killed"
      const isOpen = isUndecided(place, decision)
      const reason = isOpen ? (next.reason ?? decision.reason) : decision.reason
      if (!isKilled) {
        expect(yield* tester.receiveWhen((message): message is Word => message === leaving), about).toBe(leaving)
        expect(yield* Process.isAlive(pid), about).toBe(isOpen)
        for (const signal of next.signals ?? []) yield* Process.exit(pid, signal)
        if (next.link === true) yield* Process.exit(partner, ExitReason.kill)
        yield* Process.isAlive(pid)
        // Of a terminate nothing is left when a signal ends it
        const isCut = place === "terminate" && next.last === undefined && next.reason !== undefined
        if (next.atOnce !== true && !isCut) {
          // It is not told before its finalizer has come to its end
          while ((yield* gate.waiting()) === 0) yield* Effect.yieldNow
          expect(yield* drain(tester), about).toEqual([])
          yield* gate.open()
        }
      }
      expect(yield* reasonOf(tester, ref), about).toMatchObject(reason)
      const exit = yield* tester.receiveTag("Exit")
      expect(exit, about).toMatchObject({ reason })
      if (calling !== undefined) {
        const error = yield* Fiber.join(calling)
        // In another order the call comes to a server that is gone
        const late = system.name === "simulated" && (error as GenServer.NoProcess).reason._tag === "NoProcess"
        expect(error, about).toMatchObject({ _tag: "NoProcess", reason: late ? ExitReason.noProcess : reason })
      }
      yield* gate.open()
      yield* Process.isAlive(pid)
      expect(yield* drain(tester), about).toEqual([])
      yield* Process.exit(partner, ExitReason.kill)
    })

  /** Links the tester, which traps exits, and monitors. */
  const tied = (pid: Process.Pid) =>
    Effect.andThen(Effect.andThen(Process.trapExit(true), Process.link(pid)), Process.monitor(pid))

  /** What a process does by itself is decided when its code is over: of a server, when its terminate is. */
  const isUndecided = (place: Place, { by }: Decision) =>
    place === "terminate" || (place === "code" && typeof by === "string" && !by.endsWith("itself"))

  for (const stage of stages) {
    const [kind, place] = stage
    for (const [what, decision] of Object.entries(firsts)) {
      const isSignal = typeof decision.by !== "string" || decision.by.endsWith("itself")
      // See below
      if (place === "terminate" && isSignal) continue
      // What a cast's handler fails with is a defect
      if (kind === "server" && decision.by === "fails") continue
      const title = isUndecided(place, decision) ? "is not decided before that is over" : "stands, whatever comes then"

      scenario(`S54 P24 P25 ${what} of a ${kind}, held in its ${place}, ${title}`, function* (tester) {
        for (const [then, next] of Object.entries(nexts)) {
          // Effect keeps both of them, and neither is first
          if (isUndecided(place, decision) && place === "code" && next.last === "dies") continue
          yield* play(tester, `${what}, then ${then}`, stage, decision, next)
        }
      })
    }
  }

  scenario(
    "S54 P06 GS32 an exit signal runs no terminate, whether others send it or the server itself",
    function* (tester) {
      for (const [what, { by, reason }] of Object.entries(firsts)) {
        if (typeof by === "string" && !by.endsWith("itself")) continue
        for (const inHandler of [false, true]) {
          const gate = yield* GenServer.start(Gate, {}, here)
          const args = { to: tester.pid, gate, place: "terminate", last: "nothing" } as const
          const server = yield* GenServer.start(LeavingServer, args, there)
          const ref = yield* Process.monitor(server.pid)
          if (typeof by === "string") yield* server.leave({ own: by })
          else {
            if (inHandler) yield* server.wait()
            if (inHandler) expect(yield* tester.receive).toBe(waiting)
            yield* Process.exit(server.pid, by)
          }
          expect(yield* reasonOf(tester, ref), what).toMatchObject(reason)
          yield* (yield* GenServer.start(LeavingServer, args, there)).ping()
          expect(yield* drain(tester), what).toEqual([])
        }
      }
    }
  )
})
