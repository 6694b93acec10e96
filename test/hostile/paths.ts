/** Every way a value can go, each with what must come of it: the value arrives as it was, or whoever gave it is told. */
import assert from "node:assert/strict"
import { ExitReason, GenServer, Process, System } from "@understudy/core"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import { build, type Recipe } from "../support/hostile.ts"
import { portrait, portraitOf, Raw, Stillborn, shelf, Taker } from "./actors.ts"

export type Tester = Process.Self<unknown>
export type At = { readonly on: { readonly scheduler: number } }
type Check = Effect.Effect<void, unknown, GenServer.Provided>

/** It went through, or whoever gave it was told what was wrong with it. */
const goes = (
  attempt: Effect.Effect<unknown, unknown, GenServer.Provided>
): Effect.Effect<boolean, unknown, GenServer.Provided> =>
  Effect.flatMap(Effect.exit(attempt), (exit) => {
    if (Exit.isSuccess(exit)) return Effect.succeed(true)
    const told = Cause.squash(exit.cause)
    assert.equal(Error.isError(told) ? told.name : portrait(told), "InvalidMessage")
    return Effect.succeed(false)
  })

/** Waits for the Down of a process and gives its reason. */
const reasonOf = (tester: Tester, ref: Process.MonitorRef) =>
  Effect.map(
    tester.receiveWhen((message): message is Process.Down => message instanceof Process.Down && message.ref === ref),
    (down) => down.reason
  )

const carried = (reason: ExitReason.ExitReason): unknown =>
  reason._tag === "Failed" ? reason.error : reason._tag === "Died" ? reason.defect : Reflect.get(reason, "detail")

/** The reason has its tag, and what it carries is the value, as far as that can leave. */
const carries = (reason: ExitReason.ExitReason, tag: ExitReason.ExitReason["_tag"], recipe: Recipe): void => {
  assert.equal(reason._tag, tag)
  assert.equal(portrait(carried(reason)), portraitOf(recipe))
  assert.equal(typeof ExitReason.format(reason), "string")
}

/** Ends a server by a call, and looks at all who learn of it. */
const endsBy = (
  tester: Tester,
  at: At,
  recipe: Recipe,
  call: "throw" | "die" | "stop" | "shutdown",
  tag: ExitReason.ExitReason["_tag"]
): Check =>
  Effect.gen(function* () {
    const server = yield* GenServer.start(Taker, { value: 0 }, at)
    const ref = yield* Process.monitor(server.pid)
    const error = yield* Effect.flip(server[call]({ recipe }, { timeout: "Infinity" }))
    assert.equal(error instanceof GenServer.NoProcess, true)
    if (error instanceof GenServer.NoProcess) carries(error.reason, tag, recipe)
    carries(yield* reasonOf(tester, ref), tag, recipe)
  })

/** Every path, by name. */
export const paths: Readonly<Record<string, (tester: Tester, at: At, recipe: Recipe) => Check>> = {
  "a plain message": (_, at, recipe) =>
    Effect.gen(function* () {
      const server = yield* GenServer.start(Taker, { value: 0 }, at)
      if (yield* goes(Process.send(server.pid as Process.Pid<unknown>, build(recipe)))) {
        assert.equal(yield* server.last(), portraitOf(recipe))
      }
    }),
  "a message from an untyped edge": (_, at, recipe) =>
    Effect.gen(function* () {
      const server = yield* GenServer.start(Taker, { value: 0 }, at)
      if (yield* goes(Process.sendUnknown(server.pid, build(recipe)))) {
        assert.equal(yield* server.last(), portraitOf(recipe))
      }
    }),
  "a message that is sent later": (_, at, recipe) =>
    Effect.gen(function* () {
      const server = yield* GenServer.start(Taker, { value: 0 }, at)
      // What cannot be written is found out when it is sent, by the scheduler that keeps the timer
      if (yield* goes(Process.sendAfter(server.pid as Process.Pid<unknown>, build(recipe), 0))) yield* server.last()
    }),
  "a cast": (_, at, recipe) =>
    Effect.gen(function* () {
      const server = yield* GenServer.start(Taker, { value: 0 }, at)
      if (yield* goes(server.cast({ value: build(recipe) }))) assert.equal(yield* server.last(), portraitOf(recipe))
    }),
  "a call": (_, at, recipe) =>
    Effect.gen(function* () {
      const server = yield* GenServer.start(Taker, { value: 0 }, at)
      yield* goes(
        Effect.tap(server.call({ value: build(recipe) }), (seen) =>
          Effect.sync(() => assert.equal(seen, portraitOf(recipe)))
        )
      )
      yield* server.last()
    }),
  "an answer": (_, at, recipe) =>
    Effect.gen(function* () {
      const server = yield* GenServer.start(Taker, { value: 0 }, at)
      for (const ask of [server.answer, server.answerLater]) {
        yield* goes(
          Effect.tap(ask.call(server, { recipe }), (value) =>
            Effect.sync(() => assert.equal(portrait(value), portraitOf(recipe)))
          )
        )
      }
      // An answer that cannot be sent is the defect of the call, and not the server's
      yield* server.last()
    }),
  "a typed failure": (_, at, recipe) =>
    Effect.gen(function* () {
      const server = yield* GenServer.start(Taker, { value: 0 }, at)
      yield* goes(
        Effect.matchEffect(server.fail({ recipe }), {
          onSuccess: () => Effect.die("it did not fail"),
          onFailure: (value) => Effect.sync(() => assert.equal(portrait(value), portraitOf(recipe)))
        })
      )
      yield* server.last()
    }),
  "what a handler throws": (tester, at, recipe) => endsBy(tester, at, recipe, "throw", "Died"),
  "what a handler dies of": (tester, at, recipe) => endsBy(tester, at, recipe, "die", "Died"),
  "a stop reason": (tester, at, recipe) => endsBy(tester, at, recipe, "stop", "Failed"),
  "a shutdown's detail": (tester, at, recipe) => endsBy(tester, at, recipe, "shutdown", "Shutdown"),
  "an exit signal": (tester, at, recipe) =>
    Effect.gen(function* () {
      for (const [reason, tag] of [
        [ExitReason.failed(build(recipe)), "Failed"],
        [ExitReason.died(build(recipe)), "Died"],
        [ExitReason.shutdownWith(build(recipe)), "Shutdown"]
      ] as const) {
        const server = yield* GenServer.start(Taker, { value: 0 }, at)
        const ref = yield* Process.monitor(server.pid)
        yield* Process.exit(server.pid, reason)
        carries(yield* reasonOf(tester, ref), tag, recipe)
      }
    }),
  "an exit through a link": (tester, at, recipe) =>
    Effect.gen(function* () {
      yield* Process.trapExit(true)
      const server = yield* GenServer.start(Taker, { value: 0 }, at)
      yield* Process.link(server.pid)
      yield* Effect.exit(server.stop({ recipe }))
      const exit = yield* tester.receiveWhen((message): message is Process.Exit => message instanceof Process.Exit)
      carries(exit.reason, "Failed", recipe)
    }),
  "an end of a raw process": (tester, at, recipe) =>
    Effect.gen(function* () {
      for (const [way, tag] of [
        ["fail", "Failed"],
        ["die", "Died"],
        ["exit", "Failed"]
      ] as const) {
        const pid = yield* Process.start(Raw, { recipe, way }, at)
        const ref = yield* Process.monitor(pid)
        yield* Process.send(pid, "go")
        carries(yield* reasonOf(tester, ref), tag, recipe)
      }
    }),
  "a request to end": (_, at, recipe) =>
    Effect.gen(function* () {
      const server = yield* GenServer.start(Taker, { value: 0 }, at)
      yield* GenServer.terminate(server, { reason: ExitReason.shutdownWith(build(recipe)) })
      assert.equal(yield* Process.isAlive(server.pid), false)
    }),
  "a start that fails": (_, at, recipe) =>
    Effect.gen(function* () {
      for (const [way, tag] of [
        ["fail", "Failed"],
        ["die", "Died"],
        ["stop", "Failed"]
      ] as const) {
        const error = yield* Effect.flip(GenServer.start(Stillborn, { recipe, way }, at))
        assert.equal(error.problem, "failed")
        assert.equal(typeof error.message, "string")
        carries(error.reason ?? ExitReason.normal, tag, recipe)
      }
    }),
  "the arguments of a start": (_, at, recipe) =>
    Effect.gen(function* () {
      yield* goes(
        Effect.flatMap(GenServer.start(Taker, { value: build(recipe) }, at), (server) =>
          Effect.map(server.last(), (seen) => assert.equal(seen, portraitOf(recipe)))
        )
      )
    }),
  "a key and a value of a registry": (_, at, recipe) =>
    Effect.gen(function* () {
      const server = yield* GenServer.start(Taker, { value: 0 }, at)
      // Registries keep JSON: many values have none
      const kept = yield* Effect.exit(shelf.registerRef(server, build(recipe), build(recipe)))
      if (Exit.isFailure(kept)) assert.equal(Error.isError(Cause.squash(kept.cause)), true)
      yield* shelf.registerRef(server, "tame", 1)
      assert.ok((yield* shelf.lookup("tame")).some((entry) => entry.value === 1))
    }),
  "a report": (tester, at, recipe) =>
    Effect.gen(function* () {
      const heard: Array<string> = []
      yield* System.events.pipe(
        Stream.runForEach((event) => Effect.sync(() => "pid" in event && heard.push(String(event.pid)))),
        Effect.forkChild({ startImmediately: true })
      )
      // Nobody is told when the stream has begun to listen: those that end before are not heard of
      const crash = Effect.gen(function* () {
        const server = yield* GenServer.start(Taker, { value: 0 }, at)
        const ref = yield* Process.monitor(server.pid)
        yield* server.crashWith({ recipe })
        assert.equal((yield* reasonOf(tester, ref))._tag, "Died")
        // The report was sent before
        yield* Effect.yieldNow
        return heard.includes(String(server.pid))
      })
      yield* Effect.repeat(crash, { until: (isHeard) => isHeard })
    })
}
