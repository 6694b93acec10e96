/**
 * Raw processes for scenarios where a server will not do, and where a closure cannot go: each runs one named errand, on
 * whatever scheduler it is started.
 */
import { ExitReason, GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Puppet, Word } from "./actors.ts"

const args = {
  errand: Schema.String,
  /** Who is told how it goes. */
  to: Schema.optionalKey(Process.pid(Word)),
  text: Schema.optionalKey(Schema.String),
  numbers: Schema.optionalKey(Schema.Array(Schema.Number))
}

/** See the file's header. */
export const Errand = Process.define("conformance/Errand", { mailbox: Word, args })

interface Given {
  readonly tell: (word: Word) => Effect.Effect<void, never, Process.Provided>
  readonly text: string
  readonly numbers: ReadonlyArray<number>
}

type Errands = Record<
  string,
  (self: Process.Self<Word>, given: Given) => Effect.Effect<unknown, unknown, Process.Provided>
>

/** A reason with lists in lists, records and bytes. */
export const largeReason = (size: number): ExitReason.ExitReason =>
  ExitReason.failed({
    tuple: ["tag", [1, 2.5, null, { deep: { deeper: [[["deepest"]]] } }]],
    list: Array.from({ length: size }, (_, index) => ({ index, text: `entry ${index}` })),
    binary: Uint8Array.from({ length: size }, (_, index) => index % 256)
  })

/** An error of the errands' own. */
export const onPurpose = "on purpose"

const isWord =
  (word: Word) =>
  (message: Process.Received<Word>): message is Word =>
    message === word

/** Waits for a message that never comes, so that all messages stay in the mailbox. */
const waitForever = (self: Process.Self<Word>) =>
  self.receiveWhen((message): message is never => message === "nobody says this")

/** The dictionary's operations in a row, with those of a child in between; `undefined` as "nothing". */
const dictionary: Errands[string] = (self, { tell }) =>
  Effect.gen(function* () {
    const say = (value: unknown) => tell(value === undefined ? "nothing" : String(value))
    const sayAsChild = (value: unknown) => tell(`child ${value ?? "nothing"}`)
    yield* say(yield* Process.put("a", 1))
    yield* say(yield* Process.put("a", 2))
    yield* Process.spawn(Word, () =>
      Effect.gen(function* () {
        yield* sayAsChild(yield* Process.get("a"))
        yield* sayAsChild(yield* Process.put("a", 3))
        yield* sayAsChild(yield* Process.get("a"))
        yield* Process.send(self.pid, "child is done")
      })
    )
    yield* self.receiveWhen(isWord("child is done"))
    yield* say(yield* Process.get("a"))
    yield* say(yield* Process.erase("a"))
    yield* say(yield* Process.get("a"))
  })

/**
 * Computes without receiving until so many messages wait, and tells how many do and whether they are in order: they are
 * the numbers from 0 on.
 */
const compute: Errands[string] = (self, { numbers: [count = 0], tell }) =>
  Effect.gen(function* () {
    yield* tell("computing")
    const waiting = Effect.map(Process.info(self.pid), (info) => info?.messageQueueLength ?? -1)
    while ((yield* waiting) < count) {
      for (let step = 0; step < 1000; step++) Math.hypot(step, step)
      yield* Effect.yieldNow
    }
    yield* tell(yield* waiting)
    for (let expected = 0; expected < count; expected++) {
      const found = yield* self.receive
      if (found !== expected) return yield* tell(`${found} instead of ${expected}`)
    }
    yield* tell("in order")
  })

/** One timer for each number, in this order, of so many milliseconds from one instant on; tells the number. */
const timers: Errands[string] = (self, { numbers, tell }) =>
  Effect.gen(function* () {
    const start = yield* Process.now
    for (const [index, delay] of numbers.entries()) yield* Process.sendAfter(self.pid, index, { at: start + delay })
    yield* tellNumbers(self, numbers.length, tell)
  })

/** As {@link timers}, by delay and all in one step. */
const delays: Errands[string] = (self, { numbers, tell }) =>
  Effect.gen(function* () {
    for (const [index, delay] of numbers.entries()) yield* Process.sendAfter(self.pid, index, delay)
    yield* tellNumbers(self, numbers.length, tell)
  })

const tellNumbers = (self: Process.Self<Word>, count: number, tell: Given["tell"]) =>
  Effect.gen(function* () {
    for (let told = 0; told < count; told++) {
      const fired = yield* self.receive
      if (typeof fired === "number") yield* tell(fired)
    }
  })

/** Starts a puppet of that name and tells who has it. */
const startNamed: Errands[string] = (_, { numbers: [scheduler = 0], tell, text }) =>
  Effect.gen(function* () {
    const started = yield* Effect.result(GenServer.start(Puppet, {}, { name: text, on: { scheduler } }))
    if (started._tag === "Success") return yield* tell(`started ${started.success.pid}`)
    yield* tell(`${started.failure.problem} ${started.failure.pid}`)
  })

/** Keeps itself busy with messages until it is told to stop; tells how many there were, and "busy" after the first. */
const busy: Errands[string] = (self, { tell }) =>
  Effect.gen(function* () {
    yield* Process.send(self.pid, 1)
    for (let handled = 0; ; handled++) {
      if ((yield* self.receive) === "stop") return yield* tell(handled)
      yield* Process.send(self.pid, 1)
      if (handled === 0) yield* tell("busy")
    }
  })

/** Waits, with something to clean up in its code and in its scope. */
const cleanUp: Errands[string] = (self, { tell }) =>
  Effect.gen(function* () {
    yield* Effect.addFinalizer(() => tell("finalizer of its scope"))
    yield* tell("ready")
    yield* Effect.onExit(self.receive, () => tell("finalizer of its code"))
  })

const errands: Errands = {
  dictionary,
  compute,
  timers,
  delays,
  startNamed,
  busy,
  "exit by kill": (self) => Effect.andThen(self.receive, Process.exit(ExitReason.kill)),
  "clean up": cleanUp,
  "exit with a large reason": (_, { numbers: [size = 0] }) => Process.exit(largeReason(size)),
  label: (self, { tell, text }) =>
    Effect.andThen(Effect.andThen(Process.setLabel(text), tell("labelled")), waitForever(self)),
  sleep: (_, { numbers: [milliseconds], tell }) =>
    Effect.andThen(tell("asleep"), Effect.andThen(Process.sleep(milliseconds ?? "Infinity"), tell("awake"))),
  "receive within": (self, { numbers: [milliseconds = 0], tell }) =>
    Effect.andThen(
      tell("asleep"),
      Effect.catchTag(self.receiveWithin(milliseconds), "ReceiveTimeout", () => tell("awake"))
    ),
  wait: waitForever,
  /** Tells what it hears; with a text, that before it. */
  relay: (self, { tell, text }) =>
    Effect.forever(
      Effect.flatMap(self.receive, (word) =>
        typeof word === "object" ? Effect.void : tell(text === "" ? word : `${text} ${word}`)
      )
    ),
  raise: () => Effect.die(new Error(onPurpose)),
  fail: () => Effect.fail(onPurpose),
  exit: () => Process.exit(ExitReason.failed(onPurpose)),
  return: () => Effect.void
}

/** The code of {@link Errand}. */
export const ErrandLive = Errand.implement((self, { errand, numbers = [], text = "", to }) => {
  const run = errands[errand]
  if (run === undefined) return Effect.die(new Error(`there is no errand "${errand}"`))
  const tell = (word: Word) => (to === undefined ? Effect.void : Process.send(to, word))
  return run(self, { tell, text, numbers })
})

/** What a chooser takes. */
export const Event = Schema.TaggedUnion({
  Go: {},
  Apple: { weight: Schema.Int },
  Pear: { weight: Schema.Int },
  Other: { notes: Schema.Array(Schema.Int) }
})
type Event = typeof Event.Type

/** Chooses by a selector of two tags, a monitor and trapped exits, and says what it made of each. */
export const Chooser = Process.define("conformance/Chooser", {
  mailbox: Event,
  args: { to: Process.pid(Word), watched: Process.anyPid, linked: Process.anyPid }
})

/** The code of {@link Chooser}. */
export const ChooserLive = Chooser.implement((self, { linked, to, watched }) =>
  Effect.gen(function* () {
    yield* Process.trapExit(true)
    yield* Process.link(linked)
    const ref = yield* Process.monitor(watched)
    const tell = (text: string) => Process.send(to, text)
    yield* tell("ready")
    yield* self.receiveTag("Go")
    const fruit = Process.selector<Event>()
      .on("Apple", ({ weight }) => `apple ${weight}`)
      .on("Pear", ({ weight }) => `pear ${weight}`)
      .onDown(ref, ({ reason }) => `down ${ExitReason.format(reason)}`)
    const merged = fruit
      .merge(Process.selector<Event>().on("Pear", ({ weight }) => `later pear ${weight}`))
      .onExit(({ reason }) => `exit ${ExitReason.format(reason)}`)
    for (let chosen = 0; chosen < 5; chosen++) yield* tell(yield* self.select(merged))
    // What no choice was for has stayed, in its place
    const left = yield* self.receive
    yield* tell(JSON.stringify(left))
  })
)
