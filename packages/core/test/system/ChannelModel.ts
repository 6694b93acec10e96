/**
 * The protocol of a channel and its doorbells as a model small enough to try everything: one writer, one reader, shared
 * memory of a few words, and a step for each access to it. `explore` runs all interleavings of the two, and kills the writer
 * after each of its steps. The steps are those of `Ring.ts`, `Channel.ts`, `Doorbell.ts` and `Mesh.ts`, in their order.
 */

/** What the writer sends: payload words of a record, or `"port"` for one that no ring takes. */
export type Sent = number | "port"

/** What is changed to show that the model finds mistakes. */
export interface Mistakes {
  /** The writer publishes before it has written all of a record. */
  readonly publishEarly?: boolean
  /** The writer leaves behind the last record what was there. */
  readonly noEnd?: boolean
  /** The writer does not look for room again after it asked to be told of some. */
  readonly noSecondLook?: boolean
  /** The reader does not look at the ring again after it began to listen. */
  readonly noLastLook?: boolean
  /** The reader keeps the space of the last records when it falls asleep. */
  readonly noLastRelease?: boolean
  /** The reader gives space back before it has read the record in it. */
  readonly releaseEarly?: boolean
  /** The writer posts oversized bytes after their marker was published. */
  readonly postLate?: boolean
}

/** What is tried. */
export interface Scenario {
  /** Words of the ring: a power of two. */
  readonly capacity: number
  readonly sent: ReadonlyArray<Sent>
  /** After how many records the writer flushes. */
  readonly flushEvery: number
  readonly mistakes?: Mistakes
}

interface Doorbell {
  counter: number
  sleeping: boolean
  seen: number
  /** Somebody took the flag down: the sleeper will wake. */
  notified: boolean
}

/** Everything there is. What both see, and what each keeps for itself between two steps. */
interface State {
  readonly data: Array<string>
  /** Nobody's: for what must be readable when the writer is no more. */
  published: number
  head: number
  asked: number
  waiting: boolean
  readonly port: Array<number>
  readonly bells: { readonly writer: Doorbell; readonly reader: Doorbell }
  readonly writer: {
    readonly via: Array<number>
    tail: number
    /** The header that publishes, and its place. */
    first: string
    firstAt: number
    unreported: boolean
    head: number
    next: number
    outbox: Array<number>
  }
  readonly reader: { readonly via: Array<number>; head: number; released: number; read: number; any: boolean }
}

/** A step's number. What comes after it is known by it, the places it was reached by, and the rest of the state. */
type Step = number | "asleep" | "done"

/** Runs one step of a process when resumed; yields which step it will do next, or that it sleeps. */
type Steps<A = void> = Generator<Step, A, void>

const asleep = "asleep"

/** What is done at several places: the state says at which. */
function* via<A>(own: { readonly via: Array<number> }, place: number, steps: Steps<A>): Steps<A> {
  own.via.push(place)
  const result = yield* steps
  own.via.pop()
  return result
}

const bell = (): Doorbell => ({ counter: 0, sleeping: false, seen: 0, notified: false })

/** A header that says that there is no record. */
const nothing = "-"

const start = (capacity: number): State => ({
  data: [nothing, ...new Array(capacity - 1).fill("?")],
  published: 0,
  head: 0,
  asked: 0,
  waiting: false,
  port: [],
  bells: { writer: bell(), reader: bell() },
  writer: { via: [], tail: 0, first: nothing, firstAt: 0, unreported: false, head: 0, next: 0, outbox: [] },
  reader: { via: [], head: 0, released: 0, read: 0, any: false }
})

/** As `Doorbell.ring`. */
function* ring(target: Doorbell, step: number): Steps {
  yield step
  target.counter++
  yield* wakeSleeper(target, step + 1)
}

function* wakeSleeper(target: Doorbell, step: number): Steps {
  yield step
  if (!target.sleeping) return
  yield step + 1
  if (!target.sleeping) return
  target.sleeping = false
  yield step + 2
  target.notified = true
}

/** As `Doorbell.wake`. */
function* wake(target: Doorbell, step: number): Steps {
  yield step
  if (target.sleeping) yield* ring(target, step + 1)
}

/** As `Doorbell.listen`. */
function* listen(own: Doorbell, step: number): Steps {
  yield step
  own.sleeping = true
  yield step + 1
  if (own.counter !== own.seen) yield* wakeSleeper(own, step + 2)
}

/** As a turn that begins: woken, or because there was something after all. */
function* pause(own: Doorbell, step: number): Steps {
  yield step
  own.sleeping = false
}

const sizeOf = (sent: Sent): number => 1 + (sent === "port" ? 0 : sent)

function* writer(state: State, { capacity, flushEvery, mistakes, sent }: Scenario): Steps {
  const own = state.writer

  /** As `RingWriter.write` and `claim` with `commit`: whether there was room. */
  function* write(index: number): Steps<boolean> {
    // `as Sent`: only indices of `sent` are written
    const record = sent[index] as Sent
    const place = own.tail % capacity
    const skipped = sizeOf(record) > capacity - place ? capacity - place : 0
    const needed = skipped + sizeOf(record)
    if (own.tail - own.head + needed > capacity - 1) {
      yield 1
      own.head = state.head
      if (own.tail - own.head + needed > capacity - 1) return false
    }
    const begin = (place + skipped) % capacity
    const early = mistakes?.publishEarly === true && skipped === 0
    if (early) yield* via(own, 1, enter(`${index}`, sizeOf(record)))
    if (early) yield* publish()
    for (let word = 1; word < sizeOf(record); word++) {
      yield 10 + word
      state.data[begin + word] = `${index}.${word}`
    }
    if (skipped > 0) yield* via(own, 2, enter("skip", skipped))
    if (!early) yield* via(own, 3, enter(`${index}`, sizeOf(record)))
    return true
  }

  /** As `RingWriter.#advance`. */
  function* enter(header: string, size: number): Steps {
    const at = own.tail % capacity
    if (mistakes?.noEnd !== true) {
      yield 2
      state.data[(own.tail + size) % capacity] = nothing
    }
    own.tail += size
    if (own.first === nothing) {
      own.first = header
      own.firstAt = at
      return
    }
    yield 4
    state.data[at] = header
  }

  function* publish(): Steps {
    if (own.first === nothing) return
    yield 5
    state.data[own.firstAt] = own.first
    own.first = nothing
    state.published = own.tail
    own.unreported = true
  }

  /** As `Channel.#writeOrAwait`. */
  function* writeOrAwait(index: number): Steps<boolean> {
    if (yield* via(own, 1, write(index))) return true
    yield* publish()
    yield 6
    if (!state.waiting) {
      yield 3
      state.asked = state.published
      yield 7
      state.waiting = true
    }
    return mistakes?.noSecondLook === true ? false : yield* via(own, 2, write(index))
  }

  function* drain(): Steps<boolean> {
    while (own.outbox.length > 0) {
      // `as number`: there is one
      if (!(yield* writeOrAwait(own.outbox[0] as number))) return false
      own.outbox.shift()
      if (own.outbox.length > 0) continue
      yield 8
      if (!state.waiting) continue
      yield 9
      state.waiting = false
    }
    return true
  }

  function* flush(): Steps {
    yield* via(own, 50, drain())
    yield* via(own, 51, publish())
    if (!own.unreported) return
    own.unreported = false
    yield* wake(state.bells.reader, 20)
  }

  while (own.next < sent.length) {
    const index = own.next
    if (sent[index] === "port" && mistakes?.postLate !== true) {
      yield 30
      state.port.push(index)
    }
    if (!(yield* drain()) || !(yield* via(own, 52, writeOrAwait(index)))) own.outbox.push(index)
    own.next++
    if (own.next % flushEvery === 0 || own.next === sent.length) yield* via(own, 53, flush())
    if (sent[index] === "port" && mistakes?.postLate === true) {
      yield 30
      state.port.push(index)
    }
  }
  while (own.outbox.length > 0) {
    // As `Mesh.endOfTurn`: what was rung until now is answered by the flush after it
    yield 40
    state.bells.writer.seen = state.bells.writer.counter
    yield* via(own, 54, flush())
    yield* listen(state.bells.writer, 41)
    yield asleep
    state.bells.writer.notified = false
    yield* pause(state.bells.writer, 46)
    yield* via(own, 55, flush())
  }
}

function* reader(state: State, { capacity, mistakes, sent }: Scenario): Steps {
  const own = state.reader
  // So that some space is given back by and by, and some is not
  const releaseStep = capacity / 2

  function* release(): Steps {
    if (own.released === own.head) return
    yield 1
    own.released = own.head
    state.head = own.head
    yield 2
    if (!state.waiting || state.asked - own.head > capacity / 2) return
    yield 3
    if (!state.waiting) return
    state.waiting = false
    yield* ring(state.bells.writer, 4)
  }

  /** As `RingReader.read`: checks that each word is what the next record should have there. Notes whether there was any. */
  function* read(): Steps {
    own.any = false
    while (true) {
      const place = own.head % capacity
      yield 11
      if (state.data[place] === nothing) break
      if (state.data[place] === "skip") {
        own.head += capacity - place
        continue
      }
      expectWord(state, place, `${own.read}`)
      // `as Sent`: the word before has shown that it is the record's
      const record = sent[own.read] as Sent
      if (mistakes?.releaseEarly === true) {
        yield 14
        state.head = own.head + sizeOf(record)
      }
      own.head += sizeOf(record)
      for (let word = 1; word < sizeOf(record); word++) {
        yield 20 + word
        expectWord(state, place + word, `${own.read}.${word}`)
      }
      if (record === "port") {
        yield 13
        const posted = state.port.shift()
        if (posted !== own.read) throw new Error(`the port held ${posted} for record ${own.read}`)
      }
      own.read++
      own.any = true
    }
    yield 12
    if (own.head - own.released >= releaseStep || state.waiting) yield* via(own, 15, release())
  }

  while (true) {
    do yield* read()
    while (own.any)
    yield 30
    state.bells.reader.seen = state.bells.reader.counter
    yield* listen(state.bells.reader, 31)
    // As `RingReader.isEmpty`
    if (mistakes?.noLastRelease !== true) yield* via(own, 35, release())
    let empty = true
    if (mistakes?.noLastLook !== true) {
      yield 36
      empty = state.data[own.head % capacity] === nothing
    }
    if (empty) {
      yield asleep
      state.bells.reader.notified = false
    }
    yield* pause(state.bells.reader, 37)
  }
}

const expectWord = (state: State, place: number, wanted: string): void => {
  const found = state.data[place]
  if (found !== wanted) throw new Error(`word ${place} holds ${found} where ${wanted} should be: ${key(state)}`)
}

const key = (state: State): string => JSON.stringify(state)

/** The same for states that differ in nothing that matters: of a doorbell's count, only whether it is the one last seen. */
const essence = ({ bells, ...rest }: State): string =>
  JSON.stringify([rest, outline(bells.writer), outline(bells.reader)])

const outline = ({ counter, notified, seen, sleeping }: Doorbell) => [counter !== seen, sleeping, notified]

type Side = "writer" | "reader"

interface Run {
  readonly state: State
  readonly steps: Record<Side, Steps>
  readonly next: Record<Side, Step>
}

const advance = (run: Run, side: Side): void => {
  const { done, value } = run.steps[side].next()
  run.next[side] = done === true ? "done" : value
}

const begin = (scenario: Scenario): Run => {
  const state = start(scenario.capacity)
  const steps = { writer: writer(state, scenario), reader: reader(state, scenario) }
  const run: Run = { state, steps, next: { writer: 0, reader: 0 } }
  // Up to the first step, which is not done yet
  advance(run, "writer")
  advance(run, "reader")
  return run
}

const canStep = ({ next, state }: Run, side: Side): boolean =>
  next[side] === asleep ? state.bells[side].notified : next[side] !== "done"

/** Stands for a writer whose own state does not matter. */
const nobody: State["writer"] = start(1).writer

/** Follows a path from the beginning: generators cannot be copied, but repeat themselves. */
const follow = (scenario: Scenario, path: ReadonlyArray<Side>): Run => {
  const run = begin(scenario)
  for (const side of path) advance(run, side)
  return run
}

/** What exploring a scenario found out. */
export interface Explored {
  /** How many different states there are. */
  readonly states: number
  /** How many different states it leaves behind when it is killed. */
  readonly kills: number
}

/**
 * Tries all interleavings of writer and reader.
 *
 * @throws when a reader meets anything but the next record, whole; when both sleep and something is left to do; or when
 * after a kill a published record is missing. The message has the steps that lead there.
 */
export const explore = (scenario: Scenario): Explored => {
  const seen = new Set<string>()
  const paths: Array<ReadonlyArray<Side>> = [[]]
  const killed = new Set<string>()
  for (let path = paths.pop(); path !== undefined; path = paths.pop()) {
    const run = follow(scenario, path)
    const taken: Array<Side> = [...path]
    try {
      // Straight on for as long as the states are new: following anew is only needed for the other ways
      while (true) {
        const id = `${essence(run.state)}${run.next.writer}${run.next.reader}`
        if (seen.has(id)) break
        seen.add(id)
        const sides = (["writer", "reader"] as const).filter((side) => canStep(run, side))
        if (sides.length === 0) {
          expectDone(run, scenario)
          break
        }
        // After a step of the reader's, a kill leaves what one before it left. What the reader then sees does not depend on what
        // only the writer knows
        if (run.next.writer !== "done" && taken.at(-1) !== "reader") {
          const left = `${essence({ ...run.state, writer: nobody })}${run.next.reader}`
          if (!killed.has(left)) afterKill(scenario, taken)
          killed.add(left)
        }
        const [first, second] = sides
        if (second !== undefined) paths.push([...taken, second])
        // `as Side`: there is one
        advance(run, first as Side)
        taken.push(first as Side)
      }
    } catch (error) {
      const told = error instanceof Error ? error.message : String(error)
      throw new Error(`${JSON.stringify(scenario)}, after ${taken.map((side) => side[0]).join("")}: ${told}`)
    }
  }
  return { states: seen.size, kills: killed.size }
}

const expectDone = ({ next, state }: Run, { sent }: Scenario): void => {
  const sentAll = next.writer === "done" || (state.writer.next === sent.length && state.writer.outbox.length === 0)
  if (sentAll && state.reader.read === sent.length) return
  throw new Error(`both sleep, and ${state.reader.read} of ${sent.length} records were read: ${key(state)}`)
}

/** The writer is no more. Its channel's other end reads what is there, and sees what was published, whole. */
const afterKill = (scenario: Scenario, path: ReadonlyArray<Side>): void => {
  const run = follow(scenario, path)
  const { state } = run
  const { published } = state
  while (canStep(run, "reader")) advance(run, "reader")
  // Told of the loss, it reads once more
  state.bells.reader.notified = true
  while (canStep(run, "reader")) advance(run, "reader")
  if (state.reader.head !== published) throw new Error(`${state.reader.head} of ${published} words were read`)
}
