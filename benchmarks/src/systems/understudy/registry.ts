/**
 * W12 on Understudy: registries of `@understudy/registry`. Only GenServers can be registered, so where Elixir's entries
 * are plain processes, ours are GenServers.
 */
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { collectGarbage, rate, rateOf, verify } from "../../measure.ts"
import type { Programs } from "../../System.ts"
import { asProcess, type UnderstudyProgram } from "./program.ts"
import { Answer, Listener, listeners, NameHolder, names, topic } from "./servers/Registrants.ts"

interface Names {
  readonly names: number
  readonly times: number
}

const patiently = { timeout: "Infinity" } as const

/** What stands in a registry mostly has stood there for long: what was just made is no garbage collector's business any more. */
const settle = Effect.sync(collectGarbage)

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
      const figure = then === undefined ? registered : yield* Effect.andThen(settle, then(all, holder.pid))
      yield* verify("entries", count, yield* names.count)
      yield* GenServer.terminate(holder, { timeout: "Infinity" })
      yield* GenServer.terminate(registry, { timeout: "Infinity" })
      return figure
    })
  )

/** Gives how many lookups found the holder. */
const lookUpAll = Effect.fnUntraced(function* (all: ReadonlyArray<string>, times: number, holder: Process.Pid) {
  let found = 0
  for (let time = 0; time < times; time++) {
    // By index, here and below: V8 does not compile an array's iterator into a generator. `as`: it is inside the array
    for (let at = 0; at < all.length; at++) {
      const entry = yield* names.lookup(all[at] as string)
      if (entry !== undefined && Process.equals(entry.ref.pid, holder)) found++
    }
  }
  return found
})

/** As {@link lookUpAll}, for the refs alone. */
const askWhereAllAre = Effect.fnUntraced(function* (all: ReadonlyArray<string>, times: number, holder: Process.Pid) {
  let found = 0
  for (let time = 0; time < times; time++) {
    for (let at = 0; at < all.length; at++) {
      const ref = yield* names.whereis(all[at] as string)
      if (ref !== undefined && Process.equals(ref.pid, holder)) found++
    }
  }
  return found
})

const finding = (find: typeof lookUpAll) => (parameters: Names) =>
  withNames(parameters, (all, holder) =>
    Effect.gen(function* () {
      const lookups = parameters.times * all.length
      const { perSecond, result } = yield* rateOf(lookups, find(all, parameters.times, holder))
      yield* verify("found names", lookups, result)
      return perSecond
    })
  )

interface Told {
  readonly ref: GenServer.Ref<(typeof Listener)["protocol"]>
}

const tellAll = Effect.fnUntraced(function* (entries: ReadonlyArray<Told>, from: Process.Pid<"answer">) {
  for (let at = 0; at < entries.length; at++) yield* (entries[at] as Told).ref.tell({ from })
})

/** Gives how many answers came. */
const dispatchTimes = Effect.fnUntraced(function* (self: Process.Self<"answer">, processes: number, times: number) {
  let answers = 0
  for (let time = 0; time < times; time++) {
    yield* listeners.dispatch(topic, (entries) => tellAll(entries, self.pid))
    for (let count = 0; count < processes; count++) if ((yield* self.receive) === "answer") answers++
  }
  return answers
})

const dispatch = ({ processes, times }: { readonly processes: number; readonly times: number }) =>
  asProcess(Answer, (self) =>
    Effect.gen(function* () {
      const registry = yield* listeners.startLink
      const started: Array<GenServer.PidRef<(typeof Listener)["protocol"]>> = []
      for (let count = 0; count < processes; count++) started.push(yield* GenServer.start(Listener))
      yield* verify("entries", processes, yield* listeners.count)
      yield* settle
      const { perSecond, result } = yield* rateOf(processes * times, dispatchTimes(self, processes, times))
      yield* verify("answers", processes * times, result)
      for (const listener of started) yield* GenServer.terminate(listener)
      yield* GenServer.terminate(registry, { timeout: "Infinity" })
      return perSecond
    })
  )

export const registry = {
  "registry-register": (parameters) => withNames(parameters),
  "registry-lookup": finding(lookUpAll),
  "registry-whereis": finding(askWhereAllAre),
  "registry-dispatch": dispatch
} satisfies Programs<UnderstudyProgram>
