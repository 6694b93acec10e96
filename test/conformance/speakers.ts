/**
 * Processes that end in the middle of something, and every way their code can still try to reach somebody then. A keeper on each
 * scheduler holds the gates that the code waits at, so that it speaks exactly when the test wants it to: after the end was told.
 */
import { ExitReason, GenServer, Process } from "@understudy/core"
import { Registry } from "@understudy/registry"
import { Supervisor } from "@understudy/supervisor"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Word } from "./actors.ts"
import { bounded } from "./bounded.ts"

type Provided = Process.Provided
type Code = Effect.Effect<unknown, unknown, Provided>

/** What the tester hears of whatever a speaker has brought about. */
export const spoken = "spoken"
/** What the tester hears when a speaker's code is where its end is to find it. */
export const ready = "ready"

// --- whom a speaker reaches -------------------------------------------------------------------------------------------

/** Tells the tester "spoken" of what reaches it: messages, exit signals, links and monitors, its own start and end. */
export const Herald = GenServer.define("conformance/Herald", {
  args: {
    to: Process.pid(Word),
    /** Also of having been started. */
    starts: Schema.optionalKey(Schema.Boolean),
    /** Also of being stopped. */
    stops: Schema.optionalKey(Schema.Boolean)
  },
  info: Word,
  protocol: {
    tell: GenServer.cast(),
    ask: GenServer.call(),
    /** Tells whether it is linked to or watched by that process. */
    tied: GenServer.call({ payload: { to: Process.anyPid } }),
    ping: GenServer.call()
  }
})

/** The code of {@link Herald}. */
export const HeraldLive = Herald.implement({
  trapExit: true,
  init: ({ starts = false, stops = false, to }) =>
    Effect.as(starts ? Process.send(to, spoken) : Effect.void, { to, stops }),
  handle: {
    tell: (state) => Effect.as(Process.send(state.to, spoken), state),
    ask: (state) => Effect.as(Process.send(state.to, spoken), GenServer.reply(undefined, state)),
    tied: (state, { to }, { pid }) =>
      Effect.gen(function* () {
        const ties = yield* tiesOf(pid)
        if (ties.some((other) => Process.equals(other, to))) yield* Process.send(state.to, spoken)
        return GenServer.reply(undefined, state)
      }),
    ping: (state) => GenServer.reply(undefined, state)
  },
  info: (state) => Effect.as(Process.send(state.to, spoken), state),
  terminate: ({ stops, to }) => (stops ? Process.send(to, spoken) : Effect.void)
})

/** Whom a process is linked to, and who watches it. */
const tiesOf = (pid: Process.Pid) =>
  Effect.map(Process.info(pid), (info) => [...(info?.links ?? []), ...(info?.monitoredBy ?? [])])

/** A raw process that says that it was started. */
export const Cry = Process.define("conformance/Cry", { mailbox: Word, args: { to: Process.pid(Word) } })

/** The code of {@link Cry}. */
export const CryLive = Cry.implement((_, { to }) => Process.send(to, spoken))

// --- what a speaker is told to do -------------------------------------------------------------------------------------

const plan = {
  /** Which run of which test it is; names and keys are made of it. */
  run: Schema.Int,
  way: Schema.String,
  code: Schema.String,
  to: Process.pid(Word),
  alias: Process.alias(Word),
  herald: Herald.ref,
  /** The herald's pid. */
  victim: Process.pid(Word),
  /** The number of a timer that the tester has set. */
  timer: Schema.Int,
  /** An interval that the tester has set. */
  interval: Process.anyPid
}

/** See the schema of the same name. */
export const Plan = Schema.Struct(plan)
/** See the schema of the same name. */
export type Plan = typeof Plan.Type

/** A name of this run's own. */
export const nameOf = ({ run }: Pick<Plan, "run">): string => `ends ${run}`

// --- the gates --------------------------------------------------------------------------------------------------------

/** Where the code of one run waits, on the scheduler it runs on. */
class Run {
  /** It is to do by itself what it ends with. */
  readonly go = Promise.withResolvers<void>()
  /** It is to speak. */
  readonly open = Promise.withResolvers<void>()
  /** It is over: it has tried to speak, and has come to its end. */
  readonly over = Promise.withResolvers<void>()
  /** A call that is to be answered. */
  from: GenServer.From<Word, Word> | undefined = undefined
}

const runs = new Map<number, Run>()

const runOf = (run: number): Run => {
  const known = runs.get(run) ?? new Run()
  runs.set(run, known)
  return known
}

const passed = (gate: PromiseWithResolvers<void>) => Effect.promise(() => gate.promise)

/** Keeps the gates of its scheduler, and calls for others to answer; starts speakers that are raw processes. */
export const Keeper = GenServer.define("conformance/Keeper", {
  protocol: {
    spawn: GenServer.call({
      payload: { plan: Plan, unwindTimeout: Schema.NullOr(Schema.Number) },
      success: Process.anyPid
    }),
    /** Is answered by a speaker, or never. */
    keep: GenServer.call({ payload: { run: Schema.Int }, success: Word, error: Word }),
    go: GenServer.call({ payload: { run: Schema.Int } }),
    open: GenServer.call({ payload: { run: Schema.Int } }),
    /** Is answered when the code of the run is over. */
    over: GenServer.call({ payload: { run: Schema.Int } }),
    /** Is answered when timers that are due have fired and what is ready has run, on this scheduler. */
    settle: GenServer.call()
  }
})

/** Timers fire in the order of their deadlines, and what was ready before has run when this is over. */
const settled = Process.sleep(1)

/** The code of {@link Keeper}. */
export const KeeperLive = Keeper.implement({
  init: () => 0,
  handle: {
    spawn: (state, { plan, unwindTimeout }) =>
      Effect.map(
        Process.spawn(
          Word,
          (self) => codeOf(plan, Effect.asVoid(self.receive)),
          unwindTimeout === null ? undefined : { unwindTimeout }
        ),
        (pid) => GenServer.reply(pid, state)
      ),
    keep: (state, { run }, { from }) => {
      runOf(run).from = from
      return GenServer.noReply(state)
    },
    go: (state, { run }) => {
      runOf(run).go.resolve()
      return GenServer.reply(undefined, state)
    },
    open: (state, { run }) => {
      runOf(run).open.resolve()
      return GenServer.reply(undefined, state)
    },
    over: (state, { run }) =>
      Effect.gen(function* () {
        yield* passed(runOf(run).over)
        runs.delete(run)
        return GenServer.reply(undefined, state)
      }),
    settle: (state) => Effect.as(settled, GenServer.reply(undefined, state))
  }
})

/** A speaker that is a server: its code is what a handler does. */
export const Speaker = GenServer.define("conformance/Speaker", { protocol: { speak: GenServer.cast({ plan: Plan }) } })

/** The code of {@link Speaker}. */
export const SpeakerLive = Speaker.implement({
  init: () => 0,
  handle: {
    speak: (state, { plan }) => Effect.as(Effect.orDie(codeOf(plan, Effect.never)), state)
  }
})

/** Speakers by key. */
export const voices = Registry.unique("conformance/voices", Speaker, Schema.String)
/** Heralds by key. */
export const heralds = Registry.unique("conformance/heralds", Herald, Schema.String)
/** A dynamic supervisor of heralds. */
export const choir = Supervisor.dynamic("ends choir", Herald, { restart: "temporary" })

// --- processes that wait for room ------------------------------------------------------------------------------------

/** The ways to wait for room in a mailbox. */
export const pushes = ["cast", "call", "call without a limit", "message", "message within a time"] as const

/** What a pusher does when its process ends while it waits. */
export const stances = ["can be interrupted", "cannot be interrupted", "in a child fiber", "in a finalizer"] as const

/** Says "ready", and then sends 3 to a server whose mailbox is full. */
export const Pusher = Process.define("conformance/Pusher", {
  mailbox: Word,
  args: {
    run: Schema.Int,
    to: Process.pid(Word),
    server: bounded.suspend.ref,
    push: Schema.Literals(pushes),
    stance: Schema.Literals(stances)
  }
})

/** The code of {@link Pusher}. */
export const PusherLive = Pusher.implement((self, { push, run, server, stance, to }) => {
  const by: Readonly<Record<(typeof pushes)[number], Code>> = {
    cast: server.hear({ value: 3 }),
    call: server.note({ value: 3 }, { timeout: "1 hour" }),
    "call without a limit": server.note({ value: 3 }, { timeout: "Infinity" }),
    message: Process.send(server.address as Process.Address<number>, 3),
    "message within a time": Process.sendWithin(server.address as Process.Address<number>, 3, "1 hour")
  }
  const pushing = Effect.andThen(
    Process.send(to, ready),
    Effect.ensuring(
      Effect.ignoreCause(by[push]),
      Effect.sync(() => runOf(run).over.resolve())
    )
  )
  const stay = Effect.asVoid(self.receive)
  switch (stance) {
    case "can be interrupted":
      return Effect.andThen(pushing, stay)
    case "cannot be interrupted":
      return Effect.andThen(Effect.uninterruptible(pushing), stay)
    case "in a child fiber":
      return Effect.andThen(Effect.forkChild(pushing), stay)
    case "in a finalizer":
      return Effect.ensuring(stay, pushing)
  }
})

// --- what the code is in the middle of --------------------------------------------------------------------------------

/** What code is made of. */
interface Parts {
  /** Waits for an end that others decide. */
  readonly wait: Effect.Effect<void>
  readonly ready: Effect.Effect<void, never, Provided>
  readonly go: Effect.Effect<void>
  readonly open: Effect.Effect<void>
  readonly speak: Effect.Effect<void, never, Provided>
  readonly over: Effect.Effect<void>
}

/** A kind of code that speaks after its process's end, and how it is made to speak while that lives. */
export interface CodeKind {
  readonly make: (parts: Parts) => Code
  /**
   * How it comes to speak without a kill. `shutdown`: as its process ends for another reason, before that is told. `go`: by its own
   * doing, when it is told to go. `itself`: by nothing but opening the gate.
   */
  readonly speaksBy: "shutdown" | "go" | "itself"
  /** It kills itself: when it is told to go, or in its first step. */
  readonly suicide?: "go" | "first step"
}

/** All of it that is left to do, when the process ends. */
const last = ({ open, over, speak }: Parts) => Effect.andThen(open, Effect.ensuring(speak, over))

/** See {@link CodeKind}. */
export const codes: Readonly<Record<string, CodeKind>> = {
  "ensuring around its wait": {
    speaksBy: "shutdown",
    make: (parts) => Effect.ensuring(Effect.andThen(parts.ready, parts.wait), last(parts))
  },
  "a finalizer of its scope": {
    speaksBy: "shutdown",
    make: (parts) =>
      Effect.gen(function* () {
        yield* Effect.addFinalizer(() => last(parts))
        yield* parts.ready
        yield* parts.wait
      })
  },
  "a resource in use": {
    speaksBy: "shutdown",
    make: (parts) =>
      Effect.acquireUseRelease(
        Effect.void,
        () => Effect.andThen(parts.ready, parts.wait),
        () => last(parts)
      )
  },
  "onInterrupt around its wait": {
    speaksBy: "shutdown",
    make: (parts) => Effect.onInterrupt(Effect.andThen(parts.ready, parts.wait), () => last(parts))
  },
  "a handler of all causes": {
    speaksBy: "go",
    make: ({ go, open, over, ready, speak }) =>
      Effect.ensuring(
        Effect.catchCause(Effect.andThen(Effect.andThen(ready, go), Effect.die("gone")), () =>
          Effect.andThen(open, speak)
        ),
        over
      )
  },
  "a child fiber": {
    speaksBy: "shutdown",
    make: (parts) =>
      Effect.gen(function* () {
        yield* Effect.forkChild(Effect.ensuring(Effect.never, last(parts)), { startImmediately: true })
        yield* parts.ready
        yield* parts.wait
      })
  },
  "a fiber in its scope": {
    speaksBy: "shutdown",
    make: (parts) =>
      Effect.gen(function* () {
        yield* Effect.forkScoped(Effect.ensuring(Effect.never, last(parts)), { startImmediately: true })
        yield* parts.ready
        yield* parts.wait
      })
  },
  "a detached fiber": {
    speaksBy: "itself",
    make: (parts) =>
      Effect.gen(function* () {
        yield* Effect.forkDetach(last(parts), { startImmediately: true })
        yield* parts.ready
        yield* parts.wait
      })
  },
  "a detached fiber that cannot be interrupted": {
    speaksBy: "itself",
    make: (parts) =>
      Effect.gen(function* () {
        yield* Effect.forkDetach(Effect.uninterruptible(last(parts)), { startImmediately: true })
        yield* parts.ready
        yield* parts.wait
      })
  },
  "a loop that cannot be interrupted": {
    speaksBy: "itself",
    make: ({ open, over, ready, speak, wait }) =>
      Effect.gen(function* () {
        yield* Effect.uninterruptible(
          Effect.ensuring(
            Effect.gen(function* () {
              yield* ready
              yield* open
              for (let step = 0; step < 3; step++) yield* Effect.andThen(speak, Effect.yieldNow)
            }),
            over
          )
        )
        yield* wait
      })
  },
  "a promise's callback": {
    speaksBy: "itself",
    make: (parts) =>
      Effect.gen(function* () {
        const context = yield* Effect.context<Provided>()
        Effect.runPromiseWith(context)(parts.open)
          .then(() => Effect.runPromiseExitWith(context)(parts.speak))
          .finally(() => Effect.runPromise(parts.over))
        yield* parts.ready
        yield* parts.wait
      })
  },
  "its own kill": {
    speaksBy: "go",
    suicide: "go",
    make: (parts) => Effect.andThen(Effect.andThen(parts.ready, parts.go), killsItself(parts))
  },
  "its own kill in its first step": { speaksBy: "go", suicide: "first step", make: (parts) => killsItself(parts) }
}

/** Goes on after its end in the same step. */
const killsItself = ({ over, speak }: Parts) =>
  Effect.flatMap(Process.Current, ({ pid }) =>
    Effect.ensuring(Process.exit(pid, ExitReason.kill), Effect.ensuring(speak, over))
  )

const codeOf = (plan: Plan, wait: Effect.Effect<void>): Code => {
  const run = runOf(plan.run)
  const way = ways[plan.way]
  const code = codes[plan.code]
  if (way === undefined || code === undefined)
    return Effect.die(new Error(`no way "${plan.way}", or no code "${plan.code}"`))
  return code.make({
    wait,
    ready: Process.send(plan.to, ready),
    go: passed(run.go),
    open: passed(run.open),
    // Whatever becomes of it
    speak: Effect.ignoreCause(way.says(plan, run)),
    over: Effect.sync(() => run.over.resolve())
  })
}

// --- the ways to reach somebody ---------------------------------------------------------------------------------------

/** A way of code to reach somebody. */
export interface Way {
  /** What the tester does first; gives what it does in the end. */
  readonly prepare?: (plan: Plan) => Effect.Effect<Code, unknown, Provided>
  /** Brings about that the tester hears "spoken", or that {@link leaves} something. */
  readonly says: (plan: Plan, run: Run) => Code
  /** Whether there is anything to see of what the speaker `by` has done, asked by the tester. */
  readonly leaves?: (plan: Plan, by: Process.Pid) => Effect.Effect<boolean, unknown, Provided>
  /** Whether what is said goes straight to the tester, or is answered: then it comes before the speaker's end is told. */
  readonly direct?: true
  /** Only what lives can do it, and not what is about to end. */
  readonly living?: true
  /** Only servers can do it. */
  readonly server?: true
}

const herald = (plan: Plan) => ({ to: plan.to, starts: true })
const isTied = (plan: Plan, by: Process.Pid) =>
  Effect.map(tiesOf(plan.victim), (ties) => ties.some((other) => Process.equals(other, by)))
const isHeld = (plan: Plan) => Effect.map(Process.whereis(nameOf(plan)), (holder) => holder !== undefined)

const supervisorOf = ({ run }: Plan) => `supervisor of run ${run}`

const supervisorWith = (plan: Plan, ...children: ReadonlyArray<Supervisor.ChildSpec>) =>
  Supervisor.supervisor(supervisorOf(plan), { strategy: "one-for-one", children })

/** Starts a supervisor; gives its end. */
const startSupervisor = (plan: Plan, ...children: ReadonlyArray<Supervisor.ChildSpec>) =>
  Effect.map(Supervisor.start(supervisorWith(plan, ...children)), (started) => Effect.ignore(Supervisor.stop(started)))
const childOf = (args: typeof Herald.args.Type) => Supervisor.child(Herald, args, { id: "child" })

/** A supervisor whose child is told to say when it is started again, and is stopped. */
const withStoppedChild = (plan: Plan) =>
  Effect.tap(startSupervisor(plan, childOf(herald(plan))), () => Supervisor.terminateChild(supervisorOf(plan), "child"))

const startChoir = (plan: Plan) => startSupervisor(plan, choir.spec)

/** Opens a registry, and has the tester hear of every change in it; gives its end. */
const openRegistry = (registry: typeof voices | typeof heralds, { to }: Plan) =>
  Effect.gen(function* () {
    const owner = yield* registry.startLink
    const changes = yield* registry.subscribe
    const telling = yield* Effect.forkChild(Stream.runForEach(changes, () => Process.send(to, spoken)))
    return Effect.andThen(Fiber.interrupt(telling), GenServer.terminate(owner))
  })

/** Every way, by name. */
export const ways: Readonly<Record<string, Way>> = {
  // Messages
  "a message to a pid": { direct: true, says: ({ to }) => Process.send(to, spoken) },
  "a message to a name": {
    direct: true,
    prepare: (plan) => Effect.as(Process.register(nameOf(plan), plan.to), Process.unregister(nameOf(plan))),
    says: (plan) => Process.send(Process.named(nameOf(plan), Word), spoken)
  },
  "a message to an alias": { direct: true, says: ({ alias }) => Process.send(alias, spoken) },
  "a message of an untyped edge": { direct: true, says: ({ to }) => Process.sendUnknown(to, spoken) },
  "a message if there is room": { direct: true, says: ({ to }) => Process.trySend(to, spoken) },
  "a message within a time": { direct: true, says: ({ to }) => Process.sendWithin(to, spoken, "1 minute") },
  "messages in a generator": {
    direct: true,
    says: ({ to }) =>
      Effect.gen(function* () {
        for (let step = 0; step < 3; step++) yield* Process.send(to, spoken)
      })
  },
  "a cast": { says: ({ herald }) => herald.tell() },
  "a call": { direct: true, says: ({ herald }) => herald.ask() },
  "a call without a limit": { direct: true, says: ({ herald }) => herald.ask({ timeout: "Infinity" }) },
  "the answer to a call": { says: (_, { from }) => GenServer.replyTo(from!, spoken) },
  "the failure of a call": { says: (_, { from }) => GenServer.failTo(from!, spoken) },
  "a request to end": {
    prepare: (plan) =>
      Effect.map(GenServer.start(Herald, { to: plan.to, stops: true }, { name: nameOf(plan) }), ({ pid }) =>
        Process.exit(pid, ExitReason.kill)
      ),
    says: (plan) => GenServer.terminate(Herald.named(nameOf(plan)))
  },
  // Signals
  "an exit signal": { says: ({ victim }) => Process.exit(victim, ExitReason.failed("gone")) },
  "a kill": {
    says: ({ victim }) => Process.exit(victim, ExitReason.kill),
    leaves: ({ victim }) => Effect.map(Process.isAlive(victim), (alive) => !alive)
  },
  "a link": {
    says: ({ herald, victim }) =>
      Effect.gen(function* () {
        const { pid } = yield* Process.Current
        yield* Process.link(victim)
        yield* herald.tied({ to: pid })
      }),
    leaves: isTied
  },
  "a monitor": {
    says: ({ herald, victim }) =>
      Effect.gen(function* () {
        const { pid } = yield* Process.Current
        yield* Process.monitor(victim)
        yield* herald.tied({ to: pid })
      }),
    leaves: isTied
  },
  // Timers
  "a timer": { says: ({ to }) => Process.sendAfter(to, spoken, 0) },
  "a timer with a deadline": {
    says: ({ to }) => Effect.flatMap(Process.now, (at) => Process.sendAfter(to, spoken, { at }))
  },
  "a timer with its reference": { says: ({ to }) => Process.startTimer(to, () => spoken, 0) },
  "a timer for an exit signal": { says: ({ victim }) => Process.exitAfter(victim, ExitReason.failed("gone"), 0) },
  "a timer for a kill": {
    says: ({ victim }) => Process.killAfter(victim, 0),
    leaves: ({ victim }) => Effect.map(Process.isAlive(victim), (alive) => !alive)
  },
  "a timer for code": { says: ({ to }) => Process.applyAfter(Process.send(to, spoken), 0) },
  "an interval": {
    // It ends with the herald
    says: ({ victim }) => Process.sendInterval(victim, spoken, 1)
  },
  "the end of another's timer": {
    // The number is one that the tester got from a timer
    says: ({ timer }) => Process.cancelTimer(timer as Process.TimerRef),
    leaves: ({ timer }) => Effect.map(Process.readTimer(timer as Process.TimerRef), (left) => left === undefined)
  },
  "the end of another's interval": {
    says: ({ interval }) => Process.cancelInterval({ pid: interval }),
    leaves: ({ interval }) => Effect.map(Process.isAlive(interval), (alive) => !alive)
  },
  // New processes
  "a process": { says: ({ to }) => Process.spawn(Word, () => Process.send(to, spoken)) },
  "a linked process": {
    living: true,
    says: ({ to }) => Process.spawnLink(Word, () => Process.send(to, spoken))
  },
  "a monitored process": { says: ({ to }) => Process.spawnMonitor(Word, () => Process.send(to, spoken)) },
  "a process that is run": { says: ({ to }) => Process.run(Process.send(to, spoken)) },
  "a process of a definition": { says: ({ to }) => Process.start(Cry, { to }) },
  "a process of a definition on scheduler 0": {
    says: ({ to }) => Process.start(Cry, { to }, { on: { scheduler: 0 } })
  },
  "a process of a definition where it may be": { says: ({ to }) => Process.start(Cry, { to }, { on: "any" }) },
  "a linked process of a definition": { says: ({ to }) => Process.startLink(Cry, { to }) },
  "a server": { says: (plan) => GenServer.start(Herald, herald(plan)) },
  "a server on scheduler 0": { says: (plan) => GenServer.start(Herald, herald(plan), { on: { scheduler: 0 } }) },
  "a server where it may be": { says: (plan) => GenServer.start(Herald, herald(plan), { on: "any" }) },
  "a linked server": { says: (plan) => GenServer.startLink(Herald, herald(plan)) },
  "a monitored server": { says: (plan) => GenServer.startMonitor(Herald, herald(plan)) },
  // Names
  "a name for another": {
    says: (plan) => Process.register(nameOf(plan), plan.victim),
    leaves: isHeld
  },
  "a name for itself": {
    living: true,
    // It would be gone with the process: whoever is told finds it
    says: (plan) =>
      Effect.gen(function* () {
        const { pid } = yield* Process.Current
        yield* Process.register(nameOf(plan), pid)
        yield* Process.send(plan.to, spoken)
      }),
    leaves: isHeld
  },
  "the end of another's name": {
    prepare: (plan) => Effect.as(Process.register(nameOf(plan), plan.victim), Effect.void),
    says: (plan) => Process.unregister(nameOf(plan)),
    leaves: (plan) => Effect.map(isHeld(plan), (held) => !held)
  },
  "another's entry in a registry": {
    prepare: (plan) => openRegistry(heralds, plan),
    // A ref of a victim is one of a herald
    says: (plan) => heralds.registerRef(Herald.at(plan.victim), nameOf(plan)),
    leaves: (plan) => Effect.map(heralds.whereis(nameOf(plan)), (found) => found !== undefined)
  },
  "its own entry in a registry": {
    living: true,
    server: true,
    prepare: (plan) => openRegistry(voices, plan),
    says: (plan) => voices.register(nameOf(plan)),
    leaves: (plan) => Effect.map(voices.whereis(nameOf(plan)), (found) => found !== undefined)
  },
  // Supervisors
  "a supervisor": {
    says: (plan) => startSupervisor(plan, childOf(herald(plan)))
  },
  "a linked supervisor": {
    says: (plan) => Supervisor.startLink(supervisorWith(plan, childOf(herald(plan))))
  },
  "a supervisor's new child": {
    prepare: (plan) => startSupervisor(plan),
    says: (plan) => Supervisor.startChild(supervisorOf(plan), childOf(herald(plan)))
  },
  "the end of a supervisor's child": {
    prepare: (plan) => startSupervisor(plan, childOf({ to: plan.to, stops: true })),
    says: (plan) => Supervisor.terminateChild(supervisorOf(plan), "child")
  },
  "the restart of a supervisor's child": {
    prepare: withStoppedChild,
    says: (plan) => Supervisor.restartChild(supervisorOf(plan), "child")
  },
  "the deletion of a supervisor's child": {
    prepare: withStoppedChild,
    says: (plan) => Supervisor.deleteChild(supervisorOf(plan), "child"),
    leaves: (plan) => Effect.map(Supervisor.whichChildren(supervisorOf(plan)), (children) => children.length === 0)
  },
  "the end of a supervisor": {
    prepare: (plan) => startSupervisor(plan, childOf({ to: plan.to, stops: true })),
    says: (plan) => Supervisor.stop(supervisorOf(plan))
  },
  "a dynamic supervisor's new child": {
    prepare: startChoir,
    says: (plan) => choir.start(herald(plan))
  },
  "the end of a dynamic supervisor's child": {
    prepare: (plan) =>
      Effect.gen(function* () {
        const tidy = yield* startChoir(plan)
        const child = yield* choir.start({ to: plan.to, stops: true })
        yield* Process.register(nameOf(plan), child.pid)
        return tidy
      }),
    says: (plan) => Effect.flatMap(Process.whereis(nameOf(plan)), (child) => choir.terminate(child!))
  }
}
