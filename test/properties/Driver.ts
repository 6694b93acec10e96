/**
 * Plays a program on the real system, step by step: each step is done by a puppet, and the next one waits until the
 * system looks as the model says. When it does not get there, the program has failed.
 */
import { ExitReason, GenServer, Process } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { type Act, type Found, unexplained } from "./Burst.ts"
import {
  after,
  answers,
  empty,
  type Item,
  living,
  type Process as ModelProcess,
  nameOf,
  show,
  type World,
  waiting
} from "./Model.ts"
import { type Command, describe, names, type Reason, resolve, type Step } from "./Program.ts"
import { act, Order, Puppet, type Self, type Task } from "./Puppet.ts"
import type { Stage } from "./Stage.ts"

/** A program did something that the model does not allow. */
export class Mismatch extends Error {
  override readonly name = "Mismatch"
}

/** Round trips until the world has to look as the model says: more than the longest cascade of exits takes. */
const patience = 80

/** Only its name is used: where to find whoever is registered under one. */
const Anybody = GenServer.define("properties/Anybody", { protocol: {} })

let programs = 0

/** One program being played. */
export class Play {
  readonly stage: Stage
  readonly pids: Array<Process.Pid<Order>> = []
  /** The real monitors, in the model's order. */
  readonly refs: Array<Process.MonitorRef> = []
  readonly lines: Array<string> = []
  world: World = empty
  /** Names are the program's own, so that one that was left behind spoils no other program. */
  private readonly suffix = `#${++programs}`

  constructor(stage: Stage) {
    this.stage = stage
  }

  /** The number of a process, from any pid of it. */
  readonly number = (pid: Process.Pid | string): number => {
    const text = pid.toString()
    return this.pids.findIndex((known) => known.toString() === text)
  }

  /** A name as the system knows it. */
  readonly real = (name: string): string => `${name}${this.suffix}`

  /** Plays a command, if there is anybody to do it. Fails with {@link Mismatch}. */
  async step(command: Command): Promise<void> {
    const step = resolve(this.world, command, this.lines.length + 1)
    if (step === undefined) return
    this.lines.push(this.describe(step))
    const answer = await this.stage.ask(this.actor(step), (self) => this.perform(step, self))
    const allowed = answers(this.world, step)
    if (answer === undefined || !allowed.includes(answer)) {
      throw new Mismatch(`the answer should be ${allowed.join(" or ")}, and is ${answer ?? "missing"}`)
    }
    this.world = after(this.world, step, answer)
    const newest = this.pids.at(-1)
    if (step._tag === "Spawn" && newest !== undefined) await this.stage.watch(newest)
    await this.settle()
  }

  /** A step as a sentence. */
  describe(step: Step): string {
    return describe(step, { process: this.world.processes.length, monitor: this.world.monitors.length })
  }

  /** Who does a step. */
  actor(step: Step): Process.Pid<Order> {
    return (step.by === undefined ? undefined : this.pids[step.by]) ?? this.stage.controller
  }

  /** What a step is in the real system. */
  perform(
    step: Step,
    self: Self,
    monitor = this.world.monitors.length
  ): Effect.Effect<string, never, Process.Provided> {
    const to = (index: number): Process.Pid<Order> => this.pids[index] ?? this.stage.controller
    const done = <E, R>(effect: Effect.Effect<unknown, E, R>) => Effect.as(Effect.orDie(effect), "done")
    switch (step._tag) {
      case "Spawn":
        return done(this.spawn(step))
      case "Link":
        return done(Process.link(to(step.to)))
      case "Unlink":
        return done(Process.unlink(to(step.to)))
      case "Monitor":
        return done(this.keep(monitor, Process.monitor(to(step.to))))
      case "MonitorName":
        return done(this.keep(monitor, Process.monitor(Anybody.named(this.real(step.name)).address)))
      case "Demonitor": {
        const ref = this.refs[step.monitor]
        if (ref === undefined) return Effect.succeed("no such monitor")
        return Effect.map(Process.demonitor(ref, { flush: step.flush }), String)
      }
      case "ExitSelf":
        return Process.exit(reasonOf(step.reason))
      case "SendExit":
        return done(Process.exit(to(step.to), reasonOf(step.reason)))
      case "TrapExit":
        return Effect.map(Process.trapExit(step.on), String)
      case "Register":
        return Effect.map(Effect.result(Process.register(this.real(step.name), to(step.to))), (result) =>
          Result.isSuccess(result) ? "done" : result.failure.problem
        )
      case "Unregister":
        return Effect.map(Process.unregister(this.real(step.name)), String)
      case "Whereis":
        return Effect.map(Process.whereis(this.real(step.name)), (pid) =>
          pid === undefined ? "nobody" : `p${this.number(pid)}`
        )
      case "Send":
        return done(Process.send(to(step.to), { _tag: "Word", value: step.value }))
      case "Read":
        return Effect.map(this.read(self), (item) => (item === undefined ? "nothing" : show(item)))
      case "Flush":
        return Effect.map(self.flush, String)
      case "IsAlive":
        return Effect.map(Process.isAlive(to(step.to)), String)
    }
  }

  private spawn(step: Step & { readonly _tag: "Spawn" }) {
    const learn = (pid: Process.Pid<Order>) => void this.pids.push(pid)
    if (step.tie === "monitor") {
      return Effect.map(Process.spawnMonitor(Order, act), ({ pid, ref }) => {
        learn(pid)
        this.refs.push(ref)
      })
    }
    const on = { scheduler: step.scheduler }
    return Effect.map((step.tie === "link" ? Process.startLink : Process.start)(Puppet, {}, { on }), learn)
  }

  private keep<R>(number: number, monitor: Effect.Effect<Process.MonitorRef, never, R>) {
    return Effect.map(monitor, (ref) => {
      this.refs[number] = ref
    })
  }

  /** The oldest message of a puppet's mailbox, if there is one. */
  private read(self: Self): Effect.Effect<Item | undefined> {
    type Other = Exclude<Process.Received<Order>, { readonly _tag: "Do" }>
    const other = self.receiveWhen((message): message is Other => message._tag !== "Do", { after: 0 })
    return Effect.map(Effect.result(other), (result) =>
      Result.isSuccess(result) ? this.itemOf(result.success) : undefined
    )
  }

  private itemOf(message: Exclude<Process.Received<Order>, { readonly _tag: "Do" }>): Item {
    if (message instanceof Process.Exit) {
      return { _tag: "Exit", from: this.number(message.from), reason: ExitReason.format(message.reason) }
    }
    if (!(message instanceof Process.Down)) return { _tag: "Word", value: message.value }
    const of = this.number(message.pid)
    return {
      _tag: "Down",
      monitor: this.refs.indexOf(message.ref),
      of: of < 0 ? undefined : of,
      name: message.name?.slice(0, -this.suffix.length),
      reason: ExitReason.format(message.reason)
    }
  }

  /**
   * Tells all at once what each command means in this world, and waits for rest. Fails with {@link Mismatch} when no
   * order of the steps explains what is found then.
   */
  async burst(commands: ReadonlyArray<Command>): Promise<void> {
    const before = this.world
    const acts: Array<Act & { readonly task: Task }> = []
    let monitors = before.monitors.length
    for (const [at, command] of commands.entries()) {
      const step = resolve(before, command, this.lines.length + 1 + at)
      if (step === undefined) continue
      const next = { process: before.processes.length, monitor: monitors }
      const made = step._tag === "Monitor" || step._tag === "MonitorName" ? monitors++ : undefined
      this.lines.push(`at once: ${describe(step, next)}`)
      const task = this.stage.tell(this.actor(step), (self) => this.perform(step, self, made))
      acts.push({
        step,
        monitor: made,
        task,
        get answer() {
          return task.answer
        }
      })
    }
    await this.rest()
    const outcome = { before, acts, found: await this.find(), holders: this.holders() }
    const first = [...unexplained(outcome)]
    if (first.length > 0) throw new Mismatch(first.join("\n"))
  }

  /** Waits until several round trips in a row change nothing. */
  private async rest(): Promise<void> {
    let last = ""
    for (let same = 0, trips = 0; same < 4 && trips < patience; trips++) {
      await this.stage.roundTrip()
      const found = this.stage.processes()
      const now = this.pids
        .map((pid) => {
          const info = found.get(pid.toString())
          return `${info?.status} ${info?.messageQueueLength} ${info?.links} ${this.stage.ends.get(pid.toString())}`
        })
        .join()
      same = now === last ? same + 1 : 0
      last = now
    }
  }

  /** Every process as it is now, its mailbox taken out. */
  private async find(): Promise<ReadonlyArray<Found>> {
    const infos = this.stage.processes()
    const number = (pid: Process.Pid) => this.number(pid)
    const found: Array<Found> = []
    for (const [index, pid] of this.pids.entries()) {
      const info = infos.get(pid.toString())
      found.push({
        ends: this.stage.ends.get(pid.toString()) ?? [],
        alive: info !== undefined,
        links: info?.links.map(number) ?? [],
        monitors: info?.monitors.map(number) ?? [],
        monitoredBy: info?.monitoredBy.map(number) ?? [],
        mailbox: info === undefined ? [] : await this.drain(index),
        name: info?.registeredName
      })
    }
    return found
  }

  private holders(): ReadonlyMap<string, ReadonlyArray<number | undefined>> {
    return new Map(
      names.map((name) => [
        name,
        this.stage.holders(this.real(name)).map((pid) => (pid === undefined ? undefined : this.number(pid)))
      ])
    )
  }

  /** Everything in a process's mailbox, taken out of it. */
  async drain(index: number): Promise<ReadonlyArray<Item>> {
    const items: Array<Item> = []
    const pid = this.pids[index]
    if (pid === undefined) return items
    const next = (self: Self): Effect.Effect<void> =>
      Effect.flatMap(this.read(self), (item) => {
        if (item === undefined) return Effect.void
        items.push(item)
        return next(self)
      })
    await this.stage.ask(pid, (self) => Effect.as(next(self), "done"))
    return items
  }

  /** Waits until the system looks as the model says. Fails with {@link Mismatch}. */
  private async settle(): Promise<void> {
    for (let trips = 0; trips < patience; trips++) {
      await this.stage.roundTrip()
      if (this.differences().next().done === true) return
    }
    const found = [...this.differences()]
    for (const index of living(this.world)) {
      const difference = await this.compareMailbox(index)
      if (difference !== undefined) found.push(difference)
    }
    if (found.length > 0) throw new Mismatch(found.join("\n"))
  }

  /** What is not as the model says, in words. */
  private *differences(): Generator<string> {
    const found = this.stage.processes()
    for (const [index, expected] of this.world.processes.entries()) {
      const text = String(this.pids[index])
      const info = found.get(text)
      const ends = this.stage.ends.get(text) ?? []
      const reported = ends.length === 0 ? "nothing" : ends.join(" and ")
      if (expected.reason === undefined) {
        if (info === undefined) yield `p${index} should live, and has ended with ${reported}`
        else yield* this.compare(index, expected, info)
        if (ends.length > 0 && info !== undefined) yield `p${index} lives, and its end was reported: ${reported}`
      } else {
        if (info !== undefined) yield `p${index} should have ended with ${expected.reason}, and is ${info.status}`
        if (reported !== expected.reason)
          yield `p${index} should end once with ${expected.reason}, and did: ${reported}`
      }
    }
    for (const name of names) {
      const holder = this.world.names.get(name)
      const pid = holder === undefined ? undefined : String(this.pids[holder])
      for (const [scheduler, real] of this.stage.holders(this.real(name)).entries()) {
        if (real === pid) continue
        const is = real === undefined ? "nobody" : `p${this.number(real)}`
        yield `scheduler ${scheduler} says that ${is} has the name ${name}, which ${holder === undefined ? "is free" : `p${holder} has`}`
      }
    }
  }

  private *compare(index: number, expected: ModelProcess, info: Process.Info): Generator<string> {
    const number = (pid: Process.Pid) => this.number(pid)
    const monitors = this.world.monitors.filter((monitor) => monitor.set)
    const watched = monitors.flatMap(({ of, watcher }) => (watcher === index && of !== undefined ? [of] : []))
    const watchers = monitors.flatMap(({ of, watcher }) => (of === index ? [watcher] : []))
    const pairs: ReadonlyArray<readonly [string, unknown, unknown]> = [
      ["status", info.status, "running"],
      ["scheduler", info.pid.slot, expected.scheduler],
      ["trapping", info.trapExit, expected.trapping],
      ["links", ps(info.links.map(number)), ps([...expected.links])],
      ["monitors", ps(info.monitors.map(number)), ps(watched)],
      ["monitored by", ps(info.monitoredBy.map(number).filter((watcher) => watcher >= 0)), ps(watchers)],
      ["name", info.registeredName?.slice(0, -this.suffix.length), nameOf(this.world, index)],
      ["waiting messages", info.messageQueueLength, waiting(expected)]
    ]
    for (const [what, is, should] of pairs) {
      if (is !== should) yield `p${index}'s ${what}: should be ${orNone(should)}, is ${orNone(is)}`
    }
  }

  /** Takes a mailbox out and says how it is not what the model says. */
  private async compareMailbox(index: number): Promise<string | undefined> {
    const process = this.world.processes[index]
    const batches = process?.mailbox.map((batch) => batch.items.map(show).sort()) ?? []
    const got = (await this.drain(index)).map(show)
    let at = 0
    // Within a batch any order will do
    const sorted = batches.flatMap((batch) => {
      at += batch.length
      return got.slice(at - batch.length, at).sort()
    })
    const rest = got.slice(at)
    const is = [...sorted, ...rest].join(", ")
    const should = batches.flat().join(", ")
    return is === should ? undefined : `p${index} expected ${should || "nothing"}; got ${is || "nothing"}`
  }

  /** The program is over: the mailboxes hold what the model says. Fails with {@link Mismatch}. */
  async check(): Promise<void> {
    for (const index of living(this.world)) {
      const difference = await this.compareMailbox(index)
      if (difference !== undefined) throw new Mismatch(difference)
    }
  }

  /** Ends all that live; nothing of the program is left. Fails with {@link Mismatch}. */
  async end(): Promise<void> {
    for (const pid of this.pids) this.stage.kill(pid)
    const left = () => {
      const found = this.stage.processes()
      const processes = this.pids.flatMap((pid, index) => {
        const ends = this.stage.ends.get(pid.toString())?.length ?? 0
        return found.has(pid.toString()) || ends !== 1 ? [`p${index} (${ends} reports of its end)`] : []
      })
      const held = names.filter((name) => this.stage.holders(this.real(name)).some((holder) => holder !== undefined))
      return [...processes, ...held.map((name) => `the name ${name}`)]
    }
    for (let trips = 0; trips < patience; trips++) {
      await this.stage.roundTrip()
      if (left().length === 0) break
    }
    const remains = left()
    this.stage.ends.clear()
    if (remains.length > 0) throw new Mismatch(`after all were killed, there is still ${remains.join(", ")}`)
  }
}

const orNone = (value: unknown): string => (value === undefined || value === "" ? "none" : String(value))

const ps = (indices: ReadonlyArray<number>): string =>
  indices
    .toSorted((a, b) => a - b)
    .map((index) => `p${index}`)
    .join(" ")

const reasonOf = (reason: Reason): ExitReason.ExitReason => {
  switch (reason) {
    case "normal":
      return ExitReason.normal
    case "shutdown":
      return ExitReason.shutdown
    case "shutdown: done":
      return ExitReason.shutdownWith("done")
    case "failed: boom":
      return ExitReason.failed("boom")
    case "failed: bang":
      return ExitReason.failed("bang")
    case "kill":
      return ExitReason.kill
  }
}

/** Plays a whole program. Fails with {@link Mismatch}, whose message is the program and what went wrong. */
export const play = async (stage: Stage, program: ReadonlyArray<Command>): Promise<void> => {
  const one = new Play(stage)
  await report(one, async () => {
    for (const command of program) await one.step(command)
    await one.check()
  })
}

/** Plays a program, and then a burst. Fails with {@link Mismatch}, as {@link play} does. */
export const playBurst = async (
  stage: Stage,
  program: ReadonlyArray<Command>,
  burst: ReadonlyArray<Command>
): Promise<void> => {
  const one = new Play(stage)
  await report(one, async () => {
    for (const command of program) await one.step(command)
    await one.burst(burst)
  })
}

/** Runs a play to its end, whatever comes; a mismatch is told with the steps that led to it. */
export const report = async (one: Play, run: () => Promise<void>): Promise<void> => {
  try {
    let failure: unknown
    await run().catch((error: unknown) => {
      failure = error
    })
    const ended = one.end()
    if (failure === undefined) await ended
    else {
      // The program's own failure is the one to tell
      await ended.catch(() => undefined)
      throw failure
    }
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error
    const steps = one.lines.map((line, index) => `  ${index + 1}. ${line}`)
    throw new Mismatch(`${steps.join("\n")}\n${error.message}`)
  }
}
