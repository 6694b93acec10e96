/**
 * The stage the stories play on: a test process that hears what its actors say. Everything waits for messages; nothing
 * waits for time.
 */

import * as ExitReason from "@understudy/core/ExitReason"
import type { ProcessEvent } from "@understudy/core/internal/Host"
import * as Process from "@understudy/core/Process"
import * as System from "@understudy/core/System"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { describe, expect, it } from "vitest"
import { makeSimulated } from "../../../test/conformance/Simulated.ts"
import { noteOf, settingsOf, simulatedSystem, testSystems } from "../../../test/conformance/testSystems.ts"
import { Supervisor } from "../src/index.ts"
import { Actor, plans, program, Said } from "./actors.ts"

type SupervisorReport = Extract<ProcessEvent, { readonly _tag: "SupervisorReport" }>

/** What a story has at hand. */
export interface Stage {
  readonly self: Process.Self<Said>
  /** Supervisors' reports so far, as "context child: reason". */
  readonly reports: Array<string>
  /** The arguments of an actor. */
  readonly args: (name: string, farewell?: number) => typeof Actor.args.Type
  /** A child that is an actor, registered under its name. */
  readonly child: (
    name: string,
    options?: Supervisor.ChildOptions & { readonly farewell?: number; readonly hangs?: boolean }
  ) => Supervisor.ChildSpec
  /** The next things that are said are exactly these. */
  readonly hears: (...texts: ReadonlyArray<string>) => Effect.Effect<void>
  /** Nothing has been said that was not heard. */
  readonly silence: Effect.Effect<void>
  /** The reason of a process that is linked to the story. */
  readonly exitOf: (pid: Process.Pid) => Effect.Effect<ExitReason.ExitReason>
}

const isSaid = (message: Process.Received<Said>): message is Said =>
  !(message instanceof Process.Down || message instanceof Process.Exit)

const stageOf = (self: Process.Self<Said>, reports: Array<string>): Stage => {
  const argsOf = (name: string, farewell = 0) => ({ name, stage: self.pid, farewell, hangs: false })
  return {
    self,
    reports,
    args: argsOf,
    child: (name, { farewell, hangs = false, ...options } = {}) =>
      Supervisor.child(Actor, { ...argsOf(name, farewell), hangs }, { name, ...options }),
    hears: (...texts) =>
      Effect.gen(function* () {
        const heard: Array<string> = []
        for (const _ of texts) heard.push((yield* Effect.orDie(self.receiveWhen(isSaid, { after: "5 seconds" }))).text)
        expect(heard).toEqual(texts)
      }),
    silence: Effect.gen(function* () {
      const heard = yield* self
        .receiveWhen(isSaid, { after: 0 })
        .pipe(Effect.catchTag("ReceiveTimeout", () => Effect.succeed(undefined)))
      expect(heard).toBeUndefined()
    }),
    exitOf: (pid) =>
      Effect.map(
        Effect.orDie(
          self.receiveWhen(
            (message): message is Process.Exit => message instanceof Process.Exit && Process.equals(message.from, pid),
            { after: "5 seconds" }
          )
        ),
        ({ reason }) => reason
      )
  }
}

/** The actor of that name, now. */
export const actor = (name: string) => Actor.named(name)

/** The pid of the actor of that name, now. */
export const pidOf = (name: string) =>
  Effect.map(Process.whereis(name), (pid) => {
    if (pid === undefined) throw new Error(`nobody is called ${name}`)
    return pid
  })

/** A test: runs as a process that traps exits, on a system of one scheduler unless told otherwise. */
export const story = (
  title: string,
  play: (stage: Stage) => Effect.Effect<void, unknown, Process.Current | System.System | Scope.Scope>,
  settings: System.Settings = { schedulers: 1 }
): void => {
  it(title, () => {
    plans.clear()
    const run = Effect.gen(function* () {
      const reports: Array<string> = []
      const host = yield* System.System
      host.report = (event) => {
        if (event._tag === "SupervisorReport") reports.push(lineOf(event))
      }
      const done = yield* Deferred.make<void, unknown>()
      yield* Process.spawn(Said, (self) =>
        Effect.andThen(Process.trapExit(true), play(stageOf(self, reports))).pipe(
          Effect.exit,
          Effect.flatMap((exit) => Deferred.done(done, exit))
        )
      )
      yield* Deferred.await(done)
    })
    return Effect.runPromise(Effect.provide(run, System.layer({ ...program, ...settings })))
  })
}

/** Stories on one kind of system. */
export interface Theatre {
  readonly story: (
    title: string,
    play: (stage: Stage) => Effect.Effect<void, unknown, Process.Current | System.System | Scope.Scope>
  ) => void
  /** A scenario that makes no sense here, and why. Reported as skipped, with the reason. */
  readonly notApplicable: (title: string, reason: string) => void
  /** Away from the test process: on the other scheduler, where there is one. */
  readonly there: { readonly scheduler: number }
}

/** A test on a simulated system, in plain order and under random schedules. */
const simulatedStories = (): Theatre["story"] => {
  const playOn = makeSimulated(program, Said, undefined)
  return (title, play) =>
    it(title, () =>
      playOn<Said>(title, function* (self) {
        plans.clear()
        const reports: Array<string> = []
        const host = yield* System.System
        host.report = (event) => {
          if (event._tag === "SupervisorReport") reports.push(lineOf(event))
        }
        yield* Process.trapExit(true)
        yield* play(stageOf(self, reports))
      })
    )
}

/** Declares stories on one scheduler, on two virtual ones, on two threads, and on a simulated system. */
export const onEachSystem = (area: string, declare: (theatre: Theatre) => void): void => {
  for (const system of testSystems) {
    const settings = settingsOf(system, new URL("./entry.ts", import.meta.url))
    describe(`${area}, ${system.name}`, () =>
      declare({
        story: (title, play) => story(title, play, settings),
        notApplicable: (title, reason) => it(title, ({ skip }) => skip(noteOf(reason))),
        there: { scheduler: system.schedulers - 1 }
      }))
  }
  describe(`${area}, ${simulatedSystem.name}`, () =>
    declare({
      story: simulatedStories(),
      notApplicable: (title, reason) => it(title, ({ skip }) => skip(noteOf(reason))),
      there: { scheduler: simulatedSystem.schedulers - 1 }
    }))
}

const lineOf = ({ child, context, reason }: SupervisorReport): string =>
  `${context} ${child}: ${ExitReason.format(reason)}`
