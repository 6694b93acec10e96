/**
 * A whole system in one thread, step by step: its schedulers' processes, the signals between them and their timers, of which one has the
 * next step. Nothing here waits, and all that could be one way or another is asked of a {@link Chooser}.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as References from "effect/References"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import { keyOf, maximumSlots, outside, type Pid } from "../../address/Pid.ts"
import { enterSystem, turnOf } from "../../address/SystemId.ts"
import { showGiven } from "../../base/Inspect.ts"
import * as ExitReason from "../../exit/ExitReason.ts"
import type { Definition } from "../../process/Definition.ts"
import { System } from "../../process/Host.ts"
import { receiveExit } from "../../process/Lifecycle.ts"
import { Mailbox } from "../../process/Mailbox.ts"
import type { ProcessRecord } from "../../process/ProcessRecord.ts"
import type { Self } from "../../program/RawProcess.ts"
import { type Provided, spawn } from "../../program/SpawnRaw.ts"
import type { SchedulerEvent } from "../../scheduler/SchedulerEvent.ts"
import type { ProcessEvent } from "../../signal/ProcessEvent.ts"
import { Down, Exit as ExitMessage } from "../../signal/Signal.ts"
import { BusyWait } from "../load/BusyWait.ts"
import { Mesh } from "../mesh/Mesh.ts"
import { drain } from "../threads/Drain.ts"
import { definitionsOf, type Program } from "../threads/Launch.ts"
import * as Root from "../threads/Root.ts"
import { SharedTable } from "../transport/SharedTable.ts"
import type { Chooser, Fault, Source } from "./Choices.ts"
import { plain } from "./Choices.ts"
import { contentOf } from "./Content.ts"
import { Edge, EdgeLink } from "./Edge.ts"
import { Lane, laneOf } from "./Lane.ts"
import { type Left, leftOf } from "./Left.ts"
import type { Candidate, Machine } from "./Machine.ts"
import { Family } from "./Names.ts"
import { makeTracer } from "./Preemption.ts"
import { SimulatedScheduler } from "./SimulatedScheduler.ts"
import type { Observer, StepEvent, StepKind, Unstamped } from "./Story.ts"
import { Dice, makeClock, replaceGlobals } from "./Surroundings.ts"
import { cycleOf, type Wait, waitsOf } from "./WaitsFor.ts"

/** How a run has ended. */
export type Ending =
  /** The body has succeeded, and nothing is ready any more. */
  | { readonly _tag: "Done" }
  /** The body has failed, or was ended. */
  | { readonly _tag: "Failed"; readonly cause: Cause.Cause<unknown> }
  /** Processes wait for each other's answers. Found before their timeouts are over. */
  | { readonly _tag: "Deadlock"; readonly cycle: ReadonlyArray<Wait> }
  /** Nothing can happen any more, and the body is not over. */
  | { readonly _tag: "Stuck"; readonly waits: ReadonlyArray<Wait> }
  /** It has not ended within twice `maxSteps`, the second half of them in plain order. */
  | { readonly _tag: "TooLong"; readonly steps: number; readonly waits: ReadonlyArray<Wait> }

/** A crash as it is reported. */
export type Crash = Extract<ProcessEvent, { readonly _tag: "ProcessCrashed" }>

/** What came of a run. */
export interface Run {
  readonly ending: Ending
  /** What the body has succeeded with. */
  readonly value: unknown
  readonly steps: number
  /** How often `pick` was asked. */
  readonly points: number
  /** How much virtual time has passed, in milliseconds. */
  readonly time: number
  /** Processes that have ended by their own doing, and not in order. */
  readonly crashes: ReadonlyArray<Crash>
  /** What was still there. Ask before the world's next run. */
  readonly left: Left
}

/** How a system is simulated. */
export interface WorldOptions<R, E> {
  /** How many schedulers it has: 1 to 64. */
  readonly schedulers: number
  /**
   * How many milliseconds of virtual time may pass in all while one and the same thing is ready to run, before it has had nothing to do.
   * Default 100; 0: time passes only when nothing is ready.
   */
  readonly slack?: number | undefined
  /** After so many steps the run goes on in plain order, and is over after as many more. Default 10,000. */
  readonly maxSteps?: number | undefined
  /** What the system runs, as `System.layer` takes it. The layer is built for each run and each scheduler, and may not wait. */
  readonly program?: Program<R, E> | undefined
  /** Whether processes that wait for each other's answers end the run. Default true; otherwise their timeouts decide. */
  readonly deadlocks?: boolean | undefined
  /** From when on faults are asked for: from the first step (default), or from when {@link faultsBegin} was run. */
  readonly faults?: "at once" | "when begun" | undefined
  /** Whether it is noted where processes, timers and calls are made, for what is left over. Default false: it costs a stack each. */
  readonly stacks?: boolean | undefined
  /** Services for all processes, a logger, say. Default: nothing is logged. */
  readonly context?: Context.Context<never> | undefined
}

/** What a run needs beside the body. */
export interface RunOptions {
  /** What can be sent to the body's process. Default: anything. */
  readonly mailbox?: Schema.Top | undefined
  /** The label of the body's process, and its name. Default `test`. */
  readonly label?: string | undefined
}

/** The body of a run, as the process `test` runs it: an effect, or a generator of effects. */
export type Body = (
  // biome-ignore lint/suspicious/noExplicitAny: what its mailbox takes is the caller's to know, by `RunOptions.mailbox`
  self: Self<any>
) => Effect.Effect<unknown, unknown, Provided> | Generator<Effect.Effect<unknown, unknown, Provided>, unknown, never>

/** A simulated system, that can be run again and again. */
export interface World {
  /**
   * Runs the body as a process of scheduler 0, called `test`, until it is over and nothing is ready. The system is new each time.
   * Synchronous. Throws when it is called within a run, after `dispose`, and when the program's layer waits or fails.
   */
  run(body: Body, chooser: Chooser, observer?: Observer, options?: RunOptions): Run
  /** Lets go of everything. */
  dispose(): void
}

const runningWorld: { world: SimulatedWorld | undefined } = { world: undefined }

/** From here on faults may happen, in a world whose `faults` are `"when begun"`. Nothing elsewhere. */
export const faultsBegin: Effect.Effect<void> = Effect.sync(() => runningWorld.world?.beginFaults())

/** A new system to simulate. Throws a RangeError when it cannot have so many schedulers. */
export const world = <R = never, E = never>(options: WorldOptions<R, E>): World => {
  const { maxSteps, schedulers, slack } = options
  const expect = (holds: boolean, what: string, given: unknown) => {
    if (!holds) throw new RangeError(`world: expected ${what}, got ${showGiven(given)}`)
  }
  const whole = (value: unknown, least: number) => Number.isInteger(value) && Number(value) >= least
  expect(whole(schedulers, 1) && schedulers <= maximumSlots, `schedulers from 1 to ${maximumSlots}`, schedulers)
  expect(slack === undefined || slack >= 0, "a slack of 0 milliseconds or more", slack)
  expect(maxSteps === undefined || whole(maxSteps, 1), "maxSteps to be a whole number from 1 on", maxSteps)
  // What the layer provides, the program's processes require: that was checked where it was written
  return new SimulatedWorld(options as unknown as WorldOptions<never, never>)
}

const systemName = "simulation"
const defaultSlack = 100
const defaultSteps = 10_000
/** A step takes time, too: after so many without any, a millisecond has passed. */
const stepsPerMillisecond = 128
/** Operations in one step, before others that are ready get theirs. */
const longestSlice = 128
/** Operations in one step, where nothing else is ready. */
const longestStep = 2048
/** So many steps of others, before one of low priority. */
const lowShare = 8

const urgencies = { max: 2, high: 1, normal: 0, low: -1 }

const nothing = () => undefined

/** A slot that is to be refilled, once all others have learned of its loss. */
class Boot implements Candidate {
  readonly kind = "scheduler"
  readonly what: StepKind = "boot"
  readonly priority = "normal"
  waited = 0
  heldUntil = 0
  readonly name: string
  readonly slot: number
  /** Those that have not learned of it. */
  readonly unaware: Set<number>
  readonly step: () => void

  constructor(slot: number, unaware: ReadonlyArray<number>, step: () => void) {
    this.slot = slot
    this.name = `scheduler ${slot} boots`
    this.unaware = new Set(unaware)
    this.step = step
  }
}

/** One of a system's schedulers. */
interface Member {
  readonly scheduler: SimulatedScheduler
  mesh: Mesh
  scope: Scope.Closeable | undefined
}

class SimulatedWorld implements World, Machine {
  now = 0
  running: Candidate | undefined = undefined
  observed = false
  private readonly options: WorldOptions<never, never>
  private readonly slack: number
  private readonly maxSteps: number
  private readonly definitions: ReadonlyMap<string, Definition>
  private readonly table: SharedTable
  private readonly dice = new Dice()
  private readonly context: Context.Context<never>
  /** Those that each run begins with. */
  private readonly firsts: Array<SimulatedScheduler> = []
  private members: Array<Member> = []
  private edges = new Map<string, Edge>()
  private readonly boots: Array<Boot> = []
  private readonly paused: Array<number> = []
  private ready: Array<Candidate> = []
  private readonly chosen: Array<Candidate> = []
  private readonly lanes = new Map<number, Lane>()
  private readonly travelling = new Map<number, string>()
  private nobody = new Family()
  private crashes: Array<Crash> = []
  private chooser: Chooser = plain
  private observer: Observer | undefined = undefined
  private readonly point = {
    step: 0,
    ready: [] as ReadonlyArray<Source>,
    timer: false,
    last: undefined as Source | undefined
  }
  private steps = 0
  private points = 0
  private lastPassing = 0
  /** How many operations this step has had. */
  private operations = 0
  private owed = false
  private held = false
  private faulty = false
  private active = false
  private disposed = false
  private seeded = false
  private runs = 0
  /** How many others had a step on a slot while something of low priority was ready there. */
  private readonly sinceLow: Array<number> = []
  private test: ProcessRecord | undefined = undefined
  private exit: Exit.Exit<unknown, unknown> | undefined = undefined
  /** Whether all that the body needs around it is over as well. */
  private concluded = false

  constructor(options: WorldOptions<never, never>) {
    this.options = options
    this.slack = options.slack ?? defaultSlack
    this.maxSteps = options.maxSteps ?? defaultSteps
    this.definitions = definitionsOf(options.program ?? {})
    this.table = SharedTable.make(options.schedulers)
    const clock = makeClock(
      () => this.now,
      () => this.schedulers[0] as SimulatedScheduler
    )
    const dice: Random.Random = {
      nextDoubleUnsafe: () => this.seededDice.nextDoubleUnsafe(),
      nextIntUnsafe: () => this.seededDice.nextIntUnsafe()
    }
    const quiet = options.context ?? Context.make(References.MinimumLogLevel, "None")
    this.context = quiet.pipe(
      Context.add(Clock.Clock, clock),
      Context.add(Random.Random, dice),
      Context.add(Tracer.Tracer, makeTracer(this))
    ) as Context.Context<never>
  }

  private get schedulers(): ReadonlyArray<SimulatedScheduler> {
    return this.members.map(({ scheduler }) => scheduler)
  }

  private get seededDice(): Dice {
    if (!this.seeded) {
      this.seeded = true
      this.dice.seed(this.draw(2 ** 31))
    }
    return this.dice
  }

  // --- a run -------------------------------------------------------------------------------------------------------

  run(body: Body, chooser: Chooser, observer?: Observer, options?: RunOptions): Run {
    if (this.disposed) throw new Error("world.run: this world was disposed of; make a new one")
    const { world: other } = runningWorld
    if (other !== undefined)
      throw new Error("world.run: a simulation runs already; it can only be run once that is over")
    const leave = enterSystem(systemName)
    const { system } = turnOf
    const restore = replaceGlobals(() => this.now, {
      nextDoubleUnsafe: () => this.seededDice.nextDoubleUnsafe()
    } as Dice)
    runningWorld.world = this
    turnOf.system = systemName
    this.active = true
    try {
      this.reset()
      this.chooser = chooser
      this.observer = observer?.step === undefined ? undefined : observer
      this.observed = this.observer !== undefined
      this.boot()
      this.begin(body, options?.mailbox ?? Schema.Unknown, options?.label ?? "test")
      const ending = this.loop()
      return this.outcome(ending)
    } finally {
      this.closeScopes()
      this.active = false
      this.chooser = plain
      this.observer = undefined
      this.observed = false
      this.running = undefined
      runningWorld.world = undefined
      turnOf.system = system
      restore()
      leave()
    }
  }

  private outcome(ending: Ending): Run {
    const run = this.runs
    const { crashes, exit, now, points, steps } = this
    const left = () => {
      if (run !== this.runs || this.disposed) throw new Error("run.left: ask before the next run of the same world")
      return leftOf({ schedulers: this.schedulers, names: this, except: this.test, now: this.now })
    }
    return {
      ending,
      value: exit !== undefined && Exit.isSuccess(exit) ? exit.value : undefined,
      steps,
      points,
      time: now,
      crashes,
      get left() {
        return left()
      }
    }
  }

  /** All as it was before the first run. */
  private reset(): void {
    this.runs++
    this.now = this.steps = this.points = this.lastPassing = this.operations = 0
    this.owed = this.held = this.seeded = this.concluded = false
    this.faulty = this.options.faults !== "when begun"
    this.test = this.exit = undefined
    this.crashes = []
    this.ready.length = this.boots.length = this.paused.length = this.sinceLow.length = 0
    this.lanes.clear()
    this.travelling.clear()
    this.nobody = new Family()
    this.point.last = undefined
    this.table.clear()
    for (const scheduler of this.firsts) scheduler.reset()
    this.members = []
    this.edges.clear()
  }

  private boot(): void {
    for (let slot = 0; slot < this.options.schedulers; slot++) this.enter(slot)
  }

  /** A scheduler starts in a slot, and is connected to all others. */
  private enter(slot: number): void {
    const { table } = this
    const incarnation = table.nextIncarnation(slot)
    const first = incarnation === 1
    const known = first ? this.firsts[slot] : undefined
    const scheduler = known ?? this.make(slot, incarnation)
    if (first) this.firsts[slot] = scheduler
    const controls = {
      kill: (victim: number) => void this.killScheduler(victim),
      drain: (one: number) => this.drain(one)
    }
    const mesh = new Mesh(scheduler, table, controls, new BusyWait("none", () => this.now))
    scheduler.attach(mesh)
    const member: Member = { scheduler, mesh, scope: undefined }
    this.members[slot] = member
    if (known === undefined || this.options.program?.layer !== undefined) this.provide(member)
    table.setState(slot, "up")
    for (const other of this.members) {
      if (other !== undefined && other !== member && !other.scheduler.lost) this.connect(other, member)
    }
    if (!first) this.members[0]?.mesh.report({ _tag: "SchedulerUp", slot, incarnation })
  }

  private make(slot: number, incarnation: number): SimulatedScheduler {
    return new SimulatedScheduler({
      machine: this,
      table: this.table,
      system: systemName,
      slot,
      incarnation,
      clock: { now: () => this.now, wakeAfter: () => nothing },
      nextTurn: nothing,
      slice: 1,
      freeze: true,
      trace: this.table.trace(slot)
    })
  }

  private provide(member: Member): void {
    const { scheduler } = member
    const { layer } = this.options.program ?? {}
    if (layer === undefined) return scheduler.provide(this.context, this.definitions)
    const scope = Scope.makeUnsafe()
    member.scope = scope
    const build = Layer.build(layer as Layer.Layer<never, unknown, System>).pipe(
      Effect.provideService(Scope.Scope, scope),
      Effect.provideService(System, scheduler)
    )
    // It is built between two steps: nothing of it is preempted
    const { running } = this
    this.running = undefined
    const exit = Effect.runSyncExitWith(this.context)(build)
    this.running = running
    if (Exit.isFailure(exit)) {
      throw new Error(
        `world.run: the program's layer could not be built at once on scheduler ${scheduler.slot}: ${Cause.pretty(exit.cause)}. ` +
          `A simulation cannot wait: give it a layer that does not`
      )
    }
    scheduler.provide(Context.merge(this.context, exit.value), this.definitions)
  }

  private closeScopes(): void {
    for (const { scope } of this.members) if (scope !== undefined) Effect.runSyncExit(Scope.close(scope, Exit.void))
  }

  private connect(a: Member, b: Member): void {
    const place = ({ scheduler: { incarnation, slot } }: Member) => ({ slot, incarnation })
    const there = new Edge(this, a.scheduler.slot, b.scheduler.slot)
    const back = new Edge(this, b.scheduler.slot, a.scheduler.slot)
    this.edges.set(there.name, there)
    this.edges.set(back.name, back)
    back.take = a.mesh.join(place(b), new EdgeLink(there, back)).take
    there.take = b.mesh.join(place(a), new EdgeLink(back, there)).take
  }

  /** The body's process, and the root before it if there is one. */
  private begin(body: Body, mailbox: Schema.Top, label: string): void {
    const host = this.schedulers[0] as SimulatedScheduler
    const code = (self: Self<unknown>) =>
      Effect.onExit(
        Effect.suspend(() => {
          const given = body(self)
          // A generator is what is no effect
          return Effect.isEffect(given) ? given : Effect.gen(() => given)
        }),
        (exit) =>
          Effect.sync(() => {
            this.exit ??= exit
          })
      )
    // The label is its name in stories; nobody else waits for it
    const start = Effect.map(spawn(mailbox, code as never, { label }), (pid) => {
      this.test = host.processes.get(pid.serial)
    })
    const { root } = this.options.program ?? {}
    if (root === undefined) {
      this.concluded = true
      Effect.runForkWith(host.context)(start as Effect.Effect<void>)
      return
    }
    const around = Effect.scoped(
      Effect.gen(function* () {
        yield* Root.start(root)
        yield* start
        yield* bodyOver
      })
    )
    const bodyOver = Effect.callback<void>((resume) => {
      this.whenOver = () => resume(Effect.void)
    })
    const main = Effect.runForkWith(host.context)(around as Effect.Effect<void>)
    main.addObserver((exit) => {
      this.concluded = true
      if (Exit.isFailure(exit)) this.exit ??= exit
    })
  }

  private whenOver: (() => void) | undefined = undefined

  /** Whether the body is over. */
  private get isOver(): boolean {
    return this.test === undefined ? this.exit !== undefined : this.test.isDead
  }

  // --- steps -------------------------------------------------------------------------------------------------------

  private loop(): Ending {
    const { point } = this
    for (;;) {
      const ready = this.candidates()
      if (ready.length === 0) {
        if (this.isOver && this.concluded) return this.endOfBody()
        if (this.held) {
          // A timer that may fire although something is ready is something else that can happen
          if (!this.mayPass() || !this.pass(this.now + this.slack)) this.release()
          continue
        }
        if (this.strikesNow(ready, this.nextDeadline() < Number.POSITIVE_INFINITY)) continue
        const cycle = this.options.deadlocks === false ? undefined : cycleOf(this.schedulers, this)
        if (cycle !== undefined) return { _tag: "Deadlock", cycle }
        if (!this.pass(Number.POSITIVE_INFINITY)) return this.stuck()
        continue
      }
      if (++this.steps > this.maxSteps && this.chooser !== plain) this.chooser = plain
      if (this.steps > this.maxSteps * 2) return this.tooLong()
      if (this.strikesNow(ready, this.mayPass())) continue
      const most = ready.length + (point.timer ? 1 : 0)
      let at = 0
      if (most > 1) {
        this.points++
        const picked = this.chooser.pick(point)
        at = ((Math.trunc(picked) % most) + most) % most
      }
      if (at === ready.length) this.pass(this.now + this.slack)
      else this.take(ready[at] as Candidate)
      if (this.steps - this.lastPassing >= stepsPerMillisecond) this.passTo(this.now + 1)
    }
  }

  /** Whether something goes wrong now. Also asked when nothing is ready. */
  private strikesNow(ready: ReadonlyArray<Candidate>, timer: boolean): boolean {
    const { point } = this
    point.step = this.steps
    point.ready = ready
    point.timer = timer
    if (!this.faulty) return false
    const fault = this.chooser.fault(point)
    if (fault === undefined) return false
    if (ready.length === 0 && ++this.steps > this.maxSteps) this.chooser = plain
    this.apply(fault)
    return true
  }

  private take(candidate: Candidate): void {
    const { ready } = this
    if (ready[0] === candidate) ready.shift()
    else ready.splice(ready.indexOf(candidate), 1)
    this.countLow(candidate)
    this.running = candidate
    this.operations = 0
    this.owed = false
    if (this.observed) this.tell({ _tag: "Step", source: candidate, what: candidate.what })
    candidate.step()
    this.running = undefined
    this.point.last = candidate
    if (this.whenOver !== undefined && this.isOver) {
      const { whenOver } = this
      this.whenOver = undefined
      whenOver()
    }
  }

  private countLow({ kind, priority, slot }: Candidate): void {
    const { ready, sinceLow } = this
    if (priority === "low") sinceLow[slot] = 0
    else if (kind !== "edge" && ready.some((one) => one.priority === "low" && one.slot === slot)) {
      sinceLow[slot] = (sinceLow[slot] ?? 0) + 1
    }
  }

  /** What can have the next step, as priorities and faults allow. */
  private candidates(): ReadonlyArray<Candidate> {
    const { ready } = this
    let special = this.held
    for (let at = 0; !special && at < ready.length; at++) special = (ready[at] as Candidate).priority !== "normal"
    return special ? this.select() : ready
  }

  private select(): ReadonlyArray<Candidate> {
    const { chosen, paused, ready, steps } = this
    chosen.length = 0
    let held = false
    const isHeld = (one: Candidate) => one.heldUntil > steps || (paused[one.slot] ?? 0) > steps
    const urgency = (one: Candidate) => (one.kind === "edge" ? 3 : urgencies[one.priority])
    const most: Array<number> = []
    for (const one of ready) {
      if (isHeld(one)) held = true
      else if (one.kind !== "edge") most[one.slot] = Math.max(most[one.slot] ?? -1, urgency(one))
    }
    this.held = held
    for (const one of ready) {
      if (isHeld(one)) continue
      // Low ones have their turn after so many others, and then they come first
      if (one.priority === "low" && (this.sinceLow[one.slot] ?? 0) >= lowShare && (most[one.slot] ?? 0) <= 0) {
        chosen.unshift(one)
      } else if (one.kind === "edge" || urgency(one) >= (most[one.slot] ?? 0)) chosen.push(one)
    }
    return chosen
  }

  /** Nothing else can happen: what was held back goes on. */
  private release(): void {
    this.held = false
    this.paused.length = 0
    for (const one of this.ready) one.heldUntil = 0
  }

  becomesReady(candidate: Candidate): void {
    if (candidate.heldUntil > this.steps || (this.paused[candidate.slot] ?? 0) > this.steps) this.held = true
    this.ready.push(candidate)
  }

  // --- time --------------------------------------------------------------------------------------------------------

  /** When the next timer is due. */
  private nextDeadline(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { scheduler } of this.members) {
      if (scheduler.lost) continue
      const { first } = scheduler.wheelOfWorld
      if (first !== undefined && first.time < next) next = first.time
    }
    return next
  }

  /** Whether the next timer may fire although something is ready: nothing has waited for longer than the slack in all. */
  private mayPass(): boolean {
    const { ready, slack } = this
    if (slack === 0) return false
    const passes = this.nextDeadline() - this.now
    if (passes > slack) return false
    for (const { waited } of ready) if (waited + passes > slack) return false
    return true
  }

  /** The next timers fire, if they are due by `until`: those of one instant on one scheduler. Whether there were any. */
  private pass(until: number): boolean {
    const next = this.nextDeadline()
    if (next > until || next === Number.POSITIVE_INFINITY) return false
    const due = this.members.filter(
      ({ scheduler }) => !scheduler.lost && (scheduler.wheelOfWorld.first?.time ?? Number.POSITIVE_INFINITY) <= next
    )
    const { scheduler } = due[due.length === 1 ? 0 : this.draw(due.length)] as Member
    this.letPass(Math.max(next, this.now))
    const { wheelOfWorld } = scheduler
    // What they set anew is for later
    for (let left = wheelOfWorld.all.length; left > 0; left--) {
      const { first } = wheelOfWorld
      if (first === undefined || first.time > next) break
      wheelOfWorld.fire()
    }
    return true
  }

  /** So much time passes, with all that is due by then. */
  private passTo(time: number): void {
    while (this.pass(time));
    if (time > this.now) this.letPass(time)
  }

  private letPass(time: number): void {
    this.lastPassing = this.steps
    const passed = time - this.now
    if (passed === 0) return
    const from = this.now
    this.now = time
    for (const one of this.ready) one.waited += passed
    if (this.observed) this.tell({ _tag: "Time", from })
  }

  // --- ends --------------------------------------------------------------------------------------------------------

  private endOfBody(): Ending {
    // Without an exit it was ended before its code could say so
    const exit = this.exit ?? Exit.failCause(ExitReason.toCause(this.test?.exitReason ?? ExitReason.killed))
    return Exit.isSuccess(exit) ? { _tag: "Done" } : { _tag: "Failed", cause: exit.cause }
  }

  private stuck(): Ending {
    return { _tag: "Stuck", waits: waitsOf(this.schedulers, this) }
  }

  private tooLong(): Ending {
    if (this.isOver && this.concluded) return this.endOfBody()
    return { _tag: "TooLong", steps: this.steps - 1, waits: waitsOf(this.schedulers, this) }
  }

  // --- choices -----------------------------------------------------------------------------------------------------

  draw(bound: number): number {
    const drawn = Math.trunc(this.chooser.draw(bound))
    return ((drawn % bound) + bound) % bound
  }

  preempts(_fiber: Fiber.Fiber<unknown, unknown> | undefined): boolean {
    const { running } = this
    // Code that goes on outside of a run reaches nobody
    if (running === undefined || !this.active) return false
    const operation = ++this.operations
    // That it has the step was the choice
    if (operation === 1) return false
    const alone = this.ready.length === 0 && !this.mayPass()
    if (operation < (alone ? longestStep : longestSlice)) {
      if (alone || !this.chooser.preempt(running)) return false
    }
    this.operations = 0
    if (this.observed) this.tell({ _tag: "Preempted", source: running })
    return true
  }

  preemptsInline(): boolean {
    // One was done before it is asked for the first time
    if (this.operations === 0) this.operations = 1
    this.owed = this.preempts(undefined)
    return this.owed
  }

  takeOwed(): boolean {
    const { owed } = this
    this.owed = false
    return owed
  }

  slotsFrom(slot: number): ReadonlyArray<number> {
    const slots = [slot]
    for (const { scheduler } of this.members) {
      if (scheduler.slot !== slot && !scheduler.lost && this.table.state(scheduler.slot) === "up")
        slots.push(scheduler.slot)
    }
    return slots
  }

  // --- faults ------------------------------------------------------------------------------------------------------

  beginFaults(): void {
    this.faulty = true
  }

  private apply(fault: Fault): void {
    const hit = this.strike(fault)
    if (this.observed) this.tell({ _tag: "Fault", fault, hit })
  }

  private strike(fault: Fault): boolean {
    const { steps } = this
    switch (fault.kind) {
      case "kill":
      case "exit": {
        const record = this.processNamed(fault.target)
        if (record === undefined || record === this.test || record.isDead) return false
        receiveExit(record, outside(record.host), fault.kind === "kill" ? ExitReason.kill : fault.reason, false)
        return true
      }
      case "killScheduler":
        return this.killScheduler(fault.slot)
      case "hold": {
        const edge = this.edges.get(fault.edge)
        if (edge === undefined) return false
        edge.heldUntil = steps + fault.steps
        this.held = true
        return true
      }
      case "pause":
        if (this.members[fault.slot] === undefined) return false
        this.paused[fault.slot] = steps + fault.steps
        this.held = true
        return true
      case "delay": {
        const record = this.processNamed(fault.target)
        const lane = record === undefined ? undefined : laneOf(record)
        if (lane === undefined || record?.isDead === true) return false
        lane.heldUntil = steps + fault.steps
        this.held = true
        return true
      }
      case "slow":
        this.passTo(this.now + Math.max(0, fault.milliseconds))
        return true
    }
  }

  private processNamed(name: string): ProcessRecord | undefined {
    for (const lane of this.lanes.values()) if (lane.name === name) return lane.record
    return undefined
  }

  /** Ends a scheduler at once. What it has sent arrives; then the others learn of it, one by one, and the slot is refilled. */
  private killScheduler(slot: number, problem = "killed"): boolean {
    const member = this.members[slot]
    if (slot === 0 || member === undefined || member.scheduler.lost) return false
    const { mesh, scheduler } = member
    const { incarnation } = scheduler
    scheduler.stop()
    this.table.setState(slot, "down")
    const gone = (one: Candidate) =>
      one instanceof Lane ? one.scheduler === scheduler : one instanceof Edge && one.slot === slot
    this.ready = this.ready.filter((one) => !gone(one))
    if (this.observed) {
      for (const { pid } of scheduler.processes.values()) {
        this.tell({
          _tag: "Ended",
          process: this.nameByKey(keyOf(pid)) ?? String(pid),
          reason: ExitReason.schedulerDown(slot)
        })
      }
    }
    const others = this.members.filter((one) => one !== member && !one.scheduler.lost)
    const boot = new Boot(
      slot,
      others.map((one) => one.scheduler.slot),
      () => {
        this.boots.splice(this.boots.indexOf(boot), 1)
        this.table.addRestart(slot)
        this.enter(slot)
      }
    )
    this.boots.push(boot)
    for (const { mesh: theirs, scheduler: other } of others) {
      this.edges.get(`${other.slot}->${slot}`)?.close()
      this.edges.get(`${slot}->${other.slot}`)?.lose(() => {
        theirs.disconnect(slot, incarnation)
        if (other.slot === 0) theirs.report({ _tag: "SchedulerDown", slot, incarnation, problem })
        this.learned(boot, other.slot)
      })
    }
    // Who is gone itself need not learn of others
    for (const earlier of this.boots) if (earlier !== boot) this.learned(earlier, slot)
    void mesh
    return true
  }

  private learned(boot: Boot, slot: number): void {
    if (boot.unaware.delete(slot) && boot.unaware.size === 0) this.becomesReady(boot)
  }

  /** Ends a scheduler's processes in order, and then the scheduler. */
  private drain(slot: number): void {
    const member = this.members[slot]
    if (slot === 0 || member === undefined || member.scheduler.lost) return
    const { scheduler } = member
    this.table.setState(slot, "stopping")
    Effect.runForkWith(scheduler.context)(drain(scheduler)).addObserver(() => {
      if (this.members[slot] === member) this.killScheduler(slot, "emptied in order")
    })
  }

  // --- what happens ------------------------------------------------------------------------------------------------

  tell(event: Unstamped): void {
    this.observer?.step?.({ ...event, step: this.steps, time: this.now } as StepEvent)
  }

  reported(slot: number, event: ProcessEvent | SchedulerEvent): void {
    if (event._tag === "ProcessCrashed") this.crashes.push(event)
    if (this.observed) this.tell({ _tag: "Event", slot, event })
  }

  nameByKey(key: number): string | undefined {
    return this.lanes.get(key)?.name
  }

  site(): string | undefined {
    return this.options.stacks === true ? linesOf(new Error().stack) : undefined
  }

  private nameOfChild(parent: Pid | undefined, title: string | undefined): string {
    const lane = parent === undefined ? undefined : this.lanes.get(keyOf(parent))
    if (lane === undefined) return this.nobody.next(title)
    lane.family ??= new Family()
    return `${lane.name}/${lane.family.next(title)}`
  }

  leaves(call: number, parent: Pid | undefined, title: string): void {
    this.travelling.set(call, this.nameOfChild(parent, title))
  }

  born(record: ProcessRecord, call: number | undefined): void {
    const title = record.label ?? record.body.title
    const known = call === undefined ? undefined : this.travelling.get(call)
    const name = known ?? this.nameOfChild(record.parent, title)
    // Only schedulers of this world have processes here
    const lane = new Lane(this, record.host as SimulatedScheduler, "process", name, record, record.priority)
    ;(record as { lane?: Lane }).lane = lane
    this.lanes.set(keyOf(record.pid), lane)
    lane.made = this.site()
    if (this.observed) this.observe(record, name)
  }

  ended(record: ProcessRecord): void {
    if (!this.observed) return
    const process = laneOf(record)?.name ?? String(record.pid)
    this.tell({ _tag: "Ended", process, reason: record.exitReason ?? ExitReason.killed })
  }

  /** Tells of what goes in and out of a mailbox. */
  private observe(record: ProcessRecord, process: string): void {
    const { host, label, parent, pid } = record
    const from = parent === undefined ? undefined : this.nameByKey(keyOf(parent))
    this.tell({ _tag: "Born", process, parent: from, slot: host.slot, pid, label })
    const { pushSignal, take, takeAt } = Mailbox.prototype
    const { push } = Mailbox.prototype
    record.push = (item) => {
      push.call(record, item)
      if (!(item instanceof Down || item instanceof ExitMessage))
        this.tell({ _tag: "Sent", from: this.sender, to: process, ...contentOf(item) })
    }
    record.pushSignal = (signal) => {
      pushSignal.call(record, signal)
      this.tell({ _tag: "Signal", to: process, signal })
    }
    const taken = (message: unknown) => {
      this.tell({ _tag: "Taken", process, message: contentOf(message).message })
      return message
    }
    record.take = () => taken(take.call(record))
    record.takeAt = (position) => (position === 0 ? record.take() : taken(takeAt.call(record, position)))
  }

  private get sender(): string | undefined {
    const { running } = this
    return running?.kind === "process" ? running.name : undefined
  }

  dispose(): void {
    this.disposed = true
    this.members = []
    this.firsts.length = this.ready.length = this.chosen.length = 0
    this.lanes.clear()
    this.edges.clear()
    this.travelling.clear()
    this.test = this.exit = undefined
  }
}

/** The lines of a stack that are not the runtime's. */
const linesOf = (stack: string | undefined): string | undefined => {
  const lines = (stack ?? "").split("\n").slice(1)
  const own = lines.filter(
    (line) => !/[/\\](packages[/\\]core[/\\](src|dist)|node_modules[/\\](effect|@understudy))[/\\]|node:/.test(line)
  )
  return own.length === 0 ? undefined : own.join("\n")
}
