// What is no answer, in every way of answering: whoever waits is told at once. And a choice of messages that throws.
import { ExitReason, GenServer, Process, System } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { expect } from "vitest"
import { Answerer, answers, choices, choiceThrows, Picky, waysToAnswer } from "./answerers.ts"
import { Gate } from "./bounded.ts"
import { forEachSystem, reasonOf } from "./systems.ts"

/** Nobody gives up: who is not told waits for ever. */
const patient = { timeout: "Infinity" } as const

forEachSystem("S answers", ({ here, scenario, system, there }) => {
  /** A server in the middle of a handler, with calls behind that; what those come to. */
  const asked = (way: (typeof waysToAnswer)[number], answer: (typeof answers)[number]) =>
    Effect.gen(function* () {
      const gate = yield* GenServer.start(Gate, {}, here)
      const server = yield* GenServer.start(Answerer, {}, there)
      yield* server.enter({ gate })
      while ((yield* gate.waiting()) === 0) yield* Effect.yieldNow
      const fork = <A, E>(call: Effect.Effect<A, E, System.System>) =>
        Effect.forkChild(Effect.exit(call), { startImmediately: true })
      const asking = yield* fork(server.ask({ way, answer }, patient))
      const behind = [yield* fork(server.never(patient)), yield* fork(server.never(patient))]
      const ref = yield* Process.monitor(server.pid)
      // All of that is in its mailbox when something that was sent behind it has arrived
      yield* Process.isAlive(server.pid)
      yield* gate.open()
      return { server, ref, asking, behind }
    })

  const isWrong = (reason: ExitReason.ExitReason) =>
    reason._tag === "Died" || (reason._tag === "Failed" && (reason.error as Error).name === "BadReturnValue")

  const expectNoProcess = (about: string, exit: Exit.Exit<unknown, unknown>) => {
    expect(ExitReason.fromExit(exit), about).toMatchObject({ _tag: "Failed", error: { _tag: "NoProcess" } })
    const { error } = ExitReason.fromExit(exit) as ExitReason.Failed
    const { reason } = error as GenServer.NoProcess
    // In another order a call comes to a server that is gone
    const late = system.name === "simulated" && reason._tag === "NoProcess"
    expect(late || isWrong(reason), `${about}: ${(error as Error).message}`).toBe(true)
  }

  for (const way of waysToAnswer) {
    const byAnother = way.endsWith("by another process")
    const fails = way.startsWith("fail") || way.startsWith("a failure")
    const stops = way.includes("stops") || way.includes("terminate")

    scenario(
      `S55 GS21 ${way}, of what is no answer, is ${byAnother ? "the call's end" : "the server's end, and that of all calls"}`,
      function* (tester) {
        for (const answer of answers) {
          const { asking, behind, ref, server } = yield* asked(way, answer)
          const exit = yield* Fiber.join(asking)
          if (answer === "fine") {
            // So it is an answer, in that way
            if (fails) expect(ExitReason.fromExit(exit)).toMatchObject({ _tag: "Failed", error: { n: 1 } })
            else expect(Exit.isSuccess(exit) ? exit.value : exit).toEqual({ n: 1 })
            if (stops) expect(yield* reasonOf(tester, ref)).toEqual(ExitReason.normal)
          } else expectNoProcess(answer, exit)
          if (answer === "fine" || byAnother) {
            if (!stops) {
              expect(yield* server.ping()).toBe(undefined)
              yield* Process.exit(server.pid, ExitReason.kill)
            }
          } else {
            const reason = yield* reasonOf(tester, ref)
            expect(isWrong(reason), `${answer}: ${ExitReason.format(reason)}`).toBe(true)
            for (const call of behind) expectNoProcess(answer, yield* Fiber.join(call))
          }
          yield* Effect.forEach(behind, Fiber.interrupt)
        }
      }
    )
  }

  for (const choice of choices) {
    scenario(`S55 R02 a choice of messages that throws is the end of its process, ${choice}`, function* (tester) {
      const errors: Array<unknown> = []
      yield* System.events.pipe(
        Stream.runForEach((event) => Effect.sync(() => event._tag === "RuntimeError" && errors.push(event.error))),
        Effect.forkChild({ startImmediately: true })
      )
      for (const words of [["first", "second"], ["second"]]) {
        for (const atOnce of [true, false]) {
          const picky = yield* Process.start(Picky, { to: tester.pid, choice }, there)
          const ref = yield* Process.monitor(picky)
          // What is in the mailbox when it looks, and what comes when it waits
          if (atOnce) for (const word of words) yield* Process.send(picky, word)
          expect(yield* tester.receive).toBe("ready")
          if (!atOnce) for (const word of words) yield* Process.send(picky, word)
          expect(yield* reasonOf(tester, ref)).toMatchObject({ _tag: "Died", defect: { message: choiceThrows } })
        }
      }
      expect(errors).toEqual([])
    })
  }
})
