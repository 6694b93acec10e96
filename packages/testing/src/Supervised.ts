/**
 * What a test starts for itself: under a supervisor of the test's own, stopped with the test, the youngest first. So nothing that is
 * started so can be a leak, and the crash of a child does not end the test.
 */
import * as ExitReason from "@understudy/core/ExitReason"
import * as GenServer from "@understudy/core/GenServer"
import { type Definition, startDefinition } from "@understudy/core/internal/Definition"
import { System } from "@understudy/core/internal/Host"
import { withCurrent } from "@understudy/core/internal/Running"
import { equals, type Pid } from "@understudy/core/Pid"
import * as Process from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { type Addressed, addressOf, pidOf } from "./Addressed.ts"
import { Helper, waitUntil } from "./Helper.ts"

/** When a child that has ended is started again, as a supervisor does. */
export type Restart = "permanent" | "transient" | "temporary"

/** How a child is started, stopped, and restarted. */
export interface SupervisedOptions extends Process.StartOptions {
  /** Default: that of a child spec, else `"temporary"`: never. */
  readonly restart?: Restart | undefined
  /** Milliseconds it gets to end in order. Default: that of a child spec, else 5,000. */
  readonly shutdown?: number | "brutal-kill" | "infinity" | undefined
}

/** What a supervisor's child spec is at least: `Supervisor.child(…)`, or the `spec` of a supervisor or a registry. */
export interface ChildSpec {
  readonly definition: Pick<Definition, "name" | "args">
  readonly args: unknown
  readonly name?: string | undefined
  readonly label?: string | undefined
  readonly restart?: Restart | undefined
  readonly shutdown?: number | "brutal-kill" | "infinity" | undefined
  readonly on?: Process.Placement | undefined
}

/** A child that is not there. */
export class NotSupervised extends Schema.TaggedError<NotSupervised>()("NotSupervised", { process: Schema.String }) {
  override get message(): string {
    return `stopSupervised: ${this.process} was not started by startSupervised of this test, or has ended`
  }
}

/** Restarts of one child before it counts as broken. */
const mostRestarts = 100

interface Child {
  pid: Pid
  restart: Restart
  readonly shutdown: number | "brutal-kill" | "infinity"
  readonly start: Effect.Effect<Pid, GenServer.StartError, Process.Provided>
  restarts: number
}

/** See the file's header. */
class TestSupervisor {
  helper!: Helper
  /** Oldest first. */
  private children: ReadonlyArray<Child> = []
  private readonly listeners = new Set<() => void>()
  private stopping = false

  take(message: unknown): undefined {
    const child = message instanceof Process.Exit ? this.find(message.from) : undefined
    if (child !== undefined) this.ended(child, (message as Process.Exit).reason)
  }

  private ended(child: Child, reason: ExitReason.ExitReason): void {
    const again =
      !this.stopping &&
      child.restarts < mostRestarts &&
      (child.restart === "permanent" || (child.restart === "transient" && ExitReason.isAbnormal(reason)))
    if (again) this.again(child)
    else this.drop(child)
  }

  private drop(child: Child): void {
    this.children = this.children.filter((one) => one !== child)
    for (const look of [...this.listeners]) look()
  }

  private again(child: Child): void {
    child.restarts++
    this.helper.post(
      Effect.matchCause(child.start, {
        onFailure: () => this.drop(child),
        onSuccess: (pid) => {
          child.pid = pid
        }
      })
    )
  }

  /** Starts a child: in the supervisor's own process, to which it is linked. */
  start(child: Omit<Child, "pid" | "restarts">): Effect.Effect<Pid, GenServer.StartError> {
    return this.helper.as(
      Effect.tap(child.start, (pid) =>
        Effect.sync(() => {
          this.children = [...this.children, { ...child, pid, restarts: 0 }]
        })
      )
    )
  }

  find(pid: Pid): Child | undefined {
    return this.children.find((child) => equals(child.pid, pid))
  }

  /** Stops a child, and returns when it is gone. */
  stop(child: Child): Effect.Effect<void, never, System> {
    const { helper, listeners } = this
    const gone = () => !this.children.includes(child)
    const patience = { "brutal-kill": 0, infinity: Number.POSITIVE_INFINITY }
    const limit = typeof child.shutdown === "number" ? child.shutdown : patience[child.shutdown]
    return Effect.gen(function* () {
      // It is not started again
      child.restart = "temporary"
      if (limit > 0) {
        yield* helper.as(Process.exit(child.pid, ExitReason.shutdown))
        if (yield* waitUntil(helper.host, listeners, gone, limit)) return
      }
      yield* helper.as(Process.exit(child.pid, ExitReason.kill))
      yield* waitUntil(helper.host, listeners, gone, Number.POSITIVE_INFINITY)
    })
  }

  /** Stops all, the youngest first. */
  readonly stopAll: Effect.Effect<void, never, System> = Effect.suspend(() => {
    this.stopping = true
    const youngest = this.children.at(-1)
    return youngest === undefined ? Effect.void : Effect.andThen(this.stop(youngest), this.stopAll)
  })

  static readonly make: Effect.Effect<TestSupervisor, never, System | Scope.Scope> = Effect.suspend(() => {
    const supervisor = new TestSupervisor()
    const made = Helper.make(
      { schema: Schema.Never },
      "test supervisor",
      (message) => supervisor.take(message),
      () => supervisor.stopAll
    )
    return Effect.map(made, (helper) => {
      supervisor.helper = helper
      return supervisor
    })
  })
}

const supervisors = new WeakMap<Scope.Scope, TestSupervisor>()

/** The supervisor of a test: there is one for each scope. */
const supervisorOf: Effect.Effect<TestSupervisor, never, System | Scope.Scope> = Effect.gen(function* () {
  const scope = yield* Scope.Scope
  const known = supervisors.get(scope)
  if (known !== undefined) return known
  const made = yield* TestSupervisor.make
  supervisors.set(scope, made)
  return made
})

type AnyImplementation = { readonly contract: GenServer.AnyContract; readonly definition: Definition }

const isImplementation = (what: object): what is AnyImplementation => "contract" in what && "definition" in what
const isSpec = (what: object): what is ChildSpec => "definition" in what && "args" in what && !("protocol" in what)

/** The start of a definition, linked to the process that runs it. */
const starting = (
  definition: Definition,
  args: unknown,
  options: Process.StartOptions | undefined
): Effect.Effect<Pid, GenServer.StartError, Process.Current> =>
  withCurrent((record) => startDefinition(record.host, record, definition, args, options, true))

/**
 * Starts a server under the test's own supervisor, and gives its ref when it has initialised. It is stopped when the test ends, the
 * youngest first, each in order: as a supervisor stops its children. When it ends before, the test goes on; with `restart` it is
 * started again.
 *
 * What is started is a contract whose implementation the system has, an implementation (which the system need not have, as long as it
 * is started here), or a child spec (`Supervisor.child(…)`, `Tree.spec`), whose pid is given.
 *
 * Fails with `StartError` as a start does.
 *
 * ```ts
 * const counter = yield* startSupervised(CounterLive, { start: 0 })
 * const room = yield* startSupervised(Room, { name: "lobby" }, { name: "lobby", restart: "permanent" })
 * const tree = yield* startSupervised(Supervisor.child(Worker))
 * ```
 */
export const startSupervised: {
  <P extends GenServer.Protocol, A extends GenServer.Fields, M>(
    contract: GenServer.Contract<P, A, M>,
    ...args: GenServer.ArgsAndOptions<A, SupervisedOptions>
  ): Effect.Effect<GenServer.PidRef<P>, GenServer.StartError, System | Scope.Scope>
  <P extends GenServer.Protocol, A extends GenServer.Fields, S, R>(
    implementation: GenServer.Implementation<P, A, S, R>,
    ...args: GenServer.ArgsAndOptions<A, SupervisedOptions>
  ): Effect.Effect<GenServer.PidRef<P>, GenServer.StartError, System | Scope.Scope>
  (child: ChildSpec, options?: SupervisedOptions): Effect.Effect<Pid, GenServer.StartError, System | Scope.Scope>
} = ((what: GenServer.AnyContract | AnyImplementation | ChildSpec, first?: unknown, second?: SupervisedOptions) =>
  Effect.gen(function* () {
    const host = yield* System
    const supervisor = yield* supervisorOf
    const spec = isSpec(what) ? what : undefined
    const { restart, shutdown, ...given } = ((spec === undefined ? second : first) ?? {}) as SupervisedOptions
    const options: Process.StartOptions = {
      ...(spec?.name === undefined ? {} : { name: spec.name }),
      ...(spec?.label === undefined ? {} : { label: spec.label }),
      ...(spec?.on === undefined ? {} : { on: spec.on }),
      ...given
    }
    const contract =
      spec === undefined ? (isImplementation(what) ? what.contract : (what as GenServer.AnyContract)) : undefined
    const name = spec?.definition.name ?? (contract as GenServer.AnyContract).name
    const definition = isImplementation(what)
      ? what.definition
      : (host.definition(name) ??
        (spec !== undefined && "body" in spec.definition ? (spec.definition as Definition) : undefined))
    if (definition === undefined) {
      return yield* new GenServer.StartError({ contract: name, problem: "unknown-contract" })
    }
    const args = spec?.args ?? first ?? {}
    const pid = yield* supervisor.start({
      restart: restart ?? spec?.restart ?? "temporary",
      shutdown: shutdown ?? spec?.shutdown ?? 5000,
      start: starting(definition, args, options)
    })
    return contract === undefined ? pid : contract.at(pid)
  })) as never

/**
 * Stops what {@link startSupervised} has started, in order, and returns when it is gone; a `restart` does not start it again. Fails
 * with {@link NotSupervised} when this test has not started it, or when it has ended.
 *
 * ```ts
 * yield* stopSupervised(counter)
 * ```
 */
export const stopSupervised = (of: Addressed): Effect.Effect<void, NotSupervised, System | Scope.Scope> =>
  Effect.gen(function* () {
    const host = yield* System
    const pid = pidOf(host, of)
    const supervisor = supervisors.get(yield* Scope.Scope)
    const child = pid === undefined ? undefined : supervisor?.find(pid)
    if (supervisor === undefined || child === undefined)
      return yield* new NotSupervised({ process: `${addressOf(of)}` })
    yield* supervisor.stop(child)
  })
