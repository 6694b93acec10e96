/**
 * W12 on Understudy: registries of `@understudy/registry`. Only GenServers can be registered, so where Elixir's entries
 * are plain processes, ours are GenServers.
 */
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { rate, verify } from "../../measure.ts"
import type { Programs } from "../../System.ts"
import { asProcess, type UnderstudyProgram } from "./program.ts"
import { Answer, Listener, listeners, NameHolder, names, topic } from "./servers/Registrants.ts"

interface Names {
  readonly names: number
  readonly times: number
}

const patiently = { timeout: "Infinity" } as const

/** Registers all names, and then gives the figure of what `then` does; or of registering them, without it. */
const withNames = (
  { names: count }: Names,
  then?: (all: ReadonlyArray<string>, holder: Process.Pid) => UnderstudyProgram
) =>
  asProcess(Schema.Never, () =>
    Effect.gen(function* () {
      const registry = yield* names.startLink
      const all = Array.from({ length: count }, (_, index) => `name-${index}`)
      const holder = yield* GenServer.start(NameHolder, { names: all })
      const registered = yield* rate(count, holder.registerAll(patiently))
      const figure = then === undefined ? registered : yield* then(all, holder.pid)
      yield* verify("entries", count, yield* names.count)
      yield* GenServer.terminate(holder, { timeout: "Infinity" })
      yield* GenServer.terminate(registry, { timeout: "Infinity" })
      return figure
    })
  )

const lookup = (parameters: Names) =>
  withNames(parameters, (all, holder) =>
    Effect.gen(function* () {
      let found = 0
      const perSecond = yield* rate(
        parameters.times * all.length,
        Effect.gen(function* () {
          for (let time = 0; time < parameters.times; time++) {
            for (const name of all) {
              const entry = yield* names.lookup(name)
              if (entry !== undefined && Process.equals(entry.ref.pid, holder)) found++
            }
          }
        })
      )
      yield* verify("found entries", parameters.times * all.length, found)
      return perSecond
    })
  )

const whereis = (parameters: Names) =>
  withNames(parameters, (all, holder) =>
    Effect.gen(function* () {
      let found = 0
      const perSecond = yield* rate(
        parameters.times * all.length,
        Effect.gen(function* () {
          for (let time = 0; time < parameters.times; time++) {
            for (const name of all) {
              const ref = yield* names.whereis(name)
              if (ref !== undefined && Process.equals(ref.pid, holder)) found++
            }
          }
        })
      )
      yield* verify("found processes", parameters.times * all.length, found)
      return perSecond
    })
  )

const dispatch = ({ processes, times }: { readonly processes: number; readonly times: number }) =>
  asProcess(Answer, (self) =>
    Effect.gen(function* () {
      const registry = yield* listeners.startLink
      const started: Array<GenServer.PidRef<(typeof Listener)["protocol"]>> = []
      for (let count = 0; count < processes; count++) started.push(yield* GenServer.start(Listener))
      yield* verify("entries", processes, yield* listeners.count)
      let answers = 0
      const perSecond = yield* rate(
        processes * times,
        Effect.gen(function* () {
          for (let time = 0; time < times; time++) {
            yield* listeners.dispatch(topic, (entries) =>
              Effect.gen(function* () {
                for (const { ref } of entries) yield* ref.tell({ from: self.pid })
              })
            )
            for (let count = 0; count < processes; count++) if ((yield* self.receive) === "answer") answers++
          }
        })
      )
      yield* verify("answers", processes * times, answers)
      for (const listener of started) yield* GenServer.terminate(listener)
      yield* GenServer.terminate(registry, { timeout: "Infinity" })
      return perSecond
    })
  )

export const registry = {
  "registry-register": (parameters) => withNames(parameters),
  "registry-lookup": lookup,
  "registry-whereis": whereis,
  "registry-dispatch": dispatch
} satisfies Programs<UnderstudyProgram>
