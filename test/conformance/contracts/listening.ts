/** Hearing of all that is reported of a process while something happens. */
import { GenServer, Process, System } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Place } from "../testers.ts"
import { Broker } from "./actors.ts"

/** Listens to the events of the system until the calling process ends. `place`: where the processes are that will be asked about. */
export const listenAt = (place: Place) =>
  Effect.gen(function* () {
    const heard: Array<System.Event> = []
    const hear = Stream.runForEach(System.events, (event) => Effect.sync(() => heard.push(event)))
    yield* Effect.forkChild(hear, { startImmediately: true })
    const about = (pid: Process.Pid) => heard.filter((event) => "pid" in event && String(event.pid) === String(pid))
    /** Something is reported, behind all that was reported on that scheduler before. */
    const mark = Effect.gen(function* () {
      const marker = yield* GenServer.start(Broker, {}, place)
      yield* marker.crash()
      while (yield* Process.isAlive(marker.pid)) yield* Effect.yieldNow
      return marker.pid
    })
    // Nobody says when it has begun to listen
    while (heard.length === 0) yield* mark
    /** What is reported of a process while `action` runs, which is `count` reports or more: all of it. */
    const reportsOf = (
      pid: Process.Pid,
      count: () => number,
      action: Effect.Effect<unknown, unknown, Process.Provided>
    ) =>
      Effect.gen(function* () {
        heard.length = 0
        yield* action
        while (about(pid).length < count()) yield* Effect.yieldNow
        const marker = yield* mark
        while (about(marker).length === 0) yield* Effect.yieldNow
        return about(pid)
      })
    return { reportsOf }
  })
