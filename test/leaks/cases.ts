/**
 * What a program does again and again, and what could be kept of each time: every structure of the runtime that something is put into
 * for an operation. The processes that could keep something live as long as the measurement.
 */
import { ExitReason, GenServer, Process, System } from "@understudy/core"
import { Supervisor } from "@understudy/supervisor"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { Full, groups, places, Server, Short, Stillborn, Stranger, watched } from "./actors.ts"

type Step = Effect.Effect<unknown, unknown, Process.Provided>

/** Where things happen: the caller is on scheduler 0. */
export interface Scene {
  readonly self: Process.Self<unknown>
  readonly there: { readonly on: { readonly scheduler: number } }
}

/** See the file's header. */
export interface Case {
  readonly name: string
  /** What would be kept, and where, if it leaked. */
  readonly keeps: string
  /** Where it can be done. Default: on each system. */
  readonly on?: "several schedulers" | undefined
  /** How many operations it begins with. Default: 500. */
  readonly operations?: number | undefined
  /** How many bytes each may leave. Default: see `measure.ts`. */
  readonly tolerance?: number | undefined
  /** Starts what it is done with; gives one operation, or what does so many. */
  readonly prepare: (scene: Scene) => Effect.Effect<Step | ((count: number) => Step), unknown, Process.Provided>
}

const cases: Array<Case> = []

const add = (
  name: string,
  keeps: string,
  prepare: Case["prepare"],
  options?: Pick<Case, "on" | "operations" | "tolerance">
) => {
  cases.push({ name, keeps, prepare, ...options })
}

/** Nobody waits longer than that for anything, in these programs. */
const long = "1 hour"

/** So many at once, and all of their time goes by. */
const together =
  (operation: Step, time: "1 second" | "2 hours" = "1 second") =>
  (count: number) =>
    Effect.gen(function* () {
      for (let left = count; left > 0; left -= 100) {
        const all = Array.from({ length: 100 }, () => Effect.ignore(operation))
        const fiber = yield* Effect.forkChild(Effect.all(all, { concurrency: "unbounded", discard: true }))
        yield* TestClock.adjust(time)
        yield* Fiber.join(fiber)
      }
    })

/** Waits until a process is over, and takes its Down. */
const ended = ({ self }: Scene, ref: Process.MonitorRef) =>
  self.receiveWhen((message): message is Process.Down => message instanceof Process.Down && message.ref === ref)

/** Ends a process and waits for that. */
const kill = (scene: Scene, pid: Process.Pid, reason: ExitReason.ExitReason = ExitReason.kill) =>
  Effect.gen(function* () {
    const ref = yield* Process.monitor(pid)
    yield* Process.exit(pid, reason)
    yield* ended(scene, ref)
  })

const server = ({ there }: Scene) => GenServer.start(Server, {}, there)

/** A process that waits for nothing it ever gets. */
const waiter = ({ there }: Scene) =>
  Effect.flatMap(Process.self, (pid) => Process.start(Short, { how: "waits", pid }, there))

/** Does something in a process of its own, which is killed when it waits. */
const killed = (scene: Scene, program: Effect.Effect<unknown, unknown, Process.Provided>) =>
  Effect.gen(function* () {
    const { pid, ref } = yield* Process.spawnMonitor(Schema.Never, () => program)
    // It runs until it waits, and what it has sent is underway
    yield* Effect.yieldNow
    yield* Effect.yieldNow
    yield* Process.exit(pid, ExitReason.kill)
    yield* ended(scene, ref)
  })

const interrupted = (program: Effect.Effect<unknown, unknown, Process.Provided>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(program, { startImmediately: true })
    yield* Effect.yieldNow
    yield* Fiber.interrupt(fiber)
  })

// --- calls -----------------------------------------------------------------------------------------------------------

add("a call that is answered", "the call, in the callee's list, among the pending ones, or in the timers", (scene) =>
  Effect.map(server(scene), (to) => to.ping())
)

add("a call that times out", "the call, in the callee's list of unanswered ones", (scene) =>
  Effect.map(server(scene), (to) => together(to.never({ timeout: 500 })))
)

add("a call that is interrupted", "the call, in the callee's list of unanswered ones", (scene) =>
  Effect.map(server(scene), (to) => interrupted(to.never({ timeout: long })))
)

add("a call whose caller is killed", "the call, in the callee's list; its timer; the caller", (scene) =>
  Effect.map(server(scene), (to) => killed(scene, to.never({ timeout: long })))
)

add(
  "a call whose caller is killed, and was started there",
  "the call, with its caller's scheduler; the caller",
  (scene) =>
    Effect.map(server(scene), (to) =>
      Effect.flatMap(Process.start(Short, { how: "calls", pid: to.pid }, { on: { scheduler: 0 } }), (pid) =>
        kill(scene, pid)
      )
    )
)

add("a call of a fiber outside of processes that is interrupted", "the call, in the callee's list", (scene) =>
  Effect.gen(function* () {
    const to = yield* server(scene)
    const host = yield* System.System
    return Effect.gen(function* () {
      // It needs its system only, which the context has
      const fiber = Effect.runForkWith(host.context)(to.never({ timeout: long }) as Effect.Effect<void, unknown>)
      yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
    })
  })
)

add("a call that fails", "its error", (scene) => Effect.map(server(scene), (to) => Effect.flip(to.fail())))

add("a call that is refused", "the call, with the process that does not take it", (scene) =>
  Effect.map(server(scene), ({ pid }) => Effect.flip(Stranger.at(pid).strange()))
)

add("a cast that is refused", "its report", (scene) =>
  Effect.map(server(scene), (to) => Effect.andThen(Stranger.at(to.pid).strangeNote(), to.ping()))
)

add("a call to a process that is gone", "the call, among the pending ones", (scene) =>
  Effect.gen(function* () {
    const to = yield* server(scene)
    yield* kill(scene, to.pid)
    return Effect.flip(to.ping())
  })
)

add("a call to a name that nobody has", "the call", () => Effect.succeed(Effect.flip(Server.named("nobody").ping())))

add(
  "calls that are answered each when the next one has come",
  "all later calls, by the first one: that is kept by the server, and must not keep its neighbours in the list",
  (scene) =>
    Effect.map(
      server(scene),
      (to) => (count: number) =>
        Effect.gen(function* () {
          for (let left = count; left > 0; left--) {
            yield* Effect.forkChild(to.hold({ timeout: long }), { startImmediately: true })
            if (left % 10 === 0) yield* to.ping()
          }
          // The last one stays held: at any time there is one
        })
    )
)

add("a call that waits for room and times out", "the call, among those that wait for room", (scene) =>
  Effect.gen(function* () {
    const to = yield* GenServer.start(Full, {}, scene.there)
    yield* to.enter()
    yield* to.note({ text: "fills it" })
    return together(to.ask({ timeout: 500 }))
  })
)

add("a call that waits for room and whose caller is killed", "the call, among those that wait for room", (scene) =>
  Effect.gen(function* () {
    const to = yield* GenServer.start(Full, {}, scene.there)
    yield* to.enter()
    yield* to.note({ text: "fills it" })
    return killed(scene, to.ask({ timeout: long }))
  })
)

// --- messages ----------------------------------------------------------------------------------------------------------

add("a message that is sent and handled", "the message", (scene) =>
  Effect.map(server(scene), (to) => Effect.andThen(Process.send(to.pid as Process.Pid<unknown>, "text"), to.ping()))
)

const full = (scene: Scene) =>
  Effect.gen(function* () {
    const to = yield* GenServer.start(Full, {}, scene.there)
    yield* to.enter()
    yield* to.note({ text: "fills it" })
    return to
  })

add("a send that gives up to wait for room", "the message, among those that wait for room", (scene) =>
  Effect.map(full(scene), ({ pid }) => together(Process.sendWithin(pid as Process.Pid<unknown>, "text", 500)))
)

add("a cast that is interrupted while it waits for room", "the message, among those that wait for room", (scene) =>
  Effect.map(full(scene), (to) => interrupted(to.note({ text: "text" })))
)

add("a cast whose sender is killed while it waits for room", "the message and its sender", (scene) =>
  Effect.map(full(scene), (to) => killed(scene, to.note({ text: "text" })))
)

add("a send that does not wait for room", "the message", (scene) =>
  Effect.map(full(scene), ({ pid }) => Process.trySend(pid as Process.Pid<unknown>, "text"))
)

add("a message to a process that is gone", "the message", (scene) =>
  Effect.gen(function* () {
    const to = yield* server(scene)
    yield* kill(scene, to.pid)
    return Effect.andThen(to.note({ text: "lost" }), Process.isAlive(to.pid))
  })
)

add(
  "a message under a schema that is made for it",
  "the schema, its codec or its layout, among those that messages can be read by",
  (scene) =>
    Effect.gen(function* () {
      const to = yield* server(scene)
      yield* Process.register("made", to.pid)
      return Effect.andThen(
        Effect.suspend(() => Process.send(Process.named("made", Schema.Union([Schema.String, Schema.Int])), "text")),
        to.ping()
      )
    }),
  // On one scheduler they are noted as weak references only, until the garbage of so many schemas is collected
  { on: "several schedulers", operations: 500 }
)

// --- aliases -----------------------------------------------------------------------------------------------------------

// An alias is an entry of a map: too little to see one of

/** Does something several times. */
const severalTimes = (step: Step) => Effect.forEach([1, 2, 3, 4, 5], () => step, { discard: true })

add("an alias that is ended", "the alias, with its process", ({ self }) =>
  Effect.succeed(severalTimes(Effect.flatMap(self.alias(), (alias) => Process.unalias(alias))))
)

add("an alias for one message, which comes", "the alias, with its process", ({ self }) =>
  Effect.succeed(
    severalTimes(
      Effect.gen(function* () {
        yield* Process.send(yield* self.alias("reply"), "text")
        yield* self.receive
      })
    )
  )
)

for (const mode of ["demonitor", "reply-demonitor"] as const) {
  add(`an alias that ends with its monitor (${mode}), which is removed`, "the alias, with its process", (scene) =>
    Effect.map(waiter(scene), (pid) =>
      severalTimes(Effect.flatMap(scene.self.monitorWithAlias(pid, mode), ({ ref }) => Process.demonitor(ref)))
    )
  )

  add(`an alias that ends with its monitor (${mode}), which fires`, "the alias, with its process", (scene) =>
    Effect.succeed(
      Effect.gen(function* () {
        const pid = yield* waiter(scene)
        const aliases = yield* Effect.forEach([1, 2, 3], () => scene.self.monitorWithAlias(pid, mode))
        yield* Process.exit(pid, ExitReason.kill)
        for (const { ref } of aliases) yield* ended(scene, ref)
      })
    )
  )

  add(
    `an alias that ends with its monitor (${mode}), of a process that is gone`,
    "the alias, with its process",
    (scene) =>
      Effect.gen(function* () {
        const pid = yield* waiter(scene)
        yield* kill(scene, pid)
        return severalTimes(Effect.flatMap(scene.self.monitorWithAlias(pid, mode), ({ ref }) => ended(scene, ref)))
      })
  )
}

// --- monitors and links ------------------------------------------------------------------------------------------------

add("a monitor that is removed", "the monitor, in the lists of both sides and in their schedulers' tables", (scene) =>
  Effect.map(waiter(scene), (pid) => Effect.flatMap(Process.monitor(pid), (ref) => Process.demonitor(ref)))
)

add("monitors that are removed together", "the monitors, in the lists of both sides and in the tables", (scene) =>
  Effect.map(waiter(scene), (pid) =>
    Effect.gen(function* () {
      const refs = [yield* Process.monitor(pid), yield* Process.monitor(pid), yield* Process.monitor(pid)]
      for (const ref of refs) yield* Process.demonitor(ref, { flush: true })
    })
  )
)

add("a monitor that a process of the other side sets and removes", "the monitor, on both sides", (scene) =>
  Effect.gen(function* () {
    const to = yield* server(scene)
    const pid = yield* Process.spawn(Schema.Never, (self) => self.receive)
    return to.watch({ pid })
  })
)

add("a monitor that fires", "the monitor, with its watcher", (scene) =>
  Effect.succeed(Effect.flatMap(waiter(scene), (pid) => kill(scene, pid)))
)

add("a monitor of a process that is gone", "the monitor, with its watcher", (scene) =>
  Effect.gen(function* () {
    const pid = yield* waiter(scene)
    yield* kill(scene, pid)
    return Effect.flatMap(Process.monitor(pid), (ref) => ended(scene, ref))
  })
)

add("a monitor of a name that nobody has", "the monitor, with its watcher", (scene) =>
  Effect.succeed(Effect.flatMap(Process.monitor(Process.named("nobody", Schema.String)), (ref) => ended(scene, ref)))
)

add("a monitor whose watcher ends", "the monitor, with the process that is watched", (scene) =>
  Effect.map(waiter(scene), (pid) =>
    Effect.flatMap(
      Process.spawnMonitor(Schema.Never, () => Process.monitor(pid)),
      ({ ref }) => ended(scene, ref)
    )
  )
)

add("a monitor that a process is started with", "the monitor, on both sides", (scene) =>
  Effect.succeed(
    Effect.gen(function* () {
      const { monitor, ref } = yield* GenServer.startMonitor(Server, {}, scene.there)
      yield* ref.stop()
      yield* ended(scene, monitor)
    })
  )
)

add("a link that is removed", "the link, with both processes", (scene) =>
  Effect.map(waiter(scene), (pid) =>
    Effect.andThen(Process.link(pid), Effect.andThen(Process.unlink(pid), Process.isAlive(pid)))
  )
)

add("a link that a process of the other side makes and removes", "the link, with both processes", (scene) =>
  Effect.gen(function* () {
    const to = yield* server(scene)
    const pid = yield* Process.spawn(Schema.Never, (self) => self.receive)
    return to.tie({ pid })
  })
)

add("a link that breaks", "the link, with the process that lives on", (scene) =>
  Effect.gen(function* () {
    yield* Process.trapExit(true)
    return Effect.gen(function* () {
      const pid = yield* waiter(scene)
      yield* Process.link(pid)
      yield* Process.exit(pid, ExitReason.shutdown)
      yield* scene.self.receiveTag("Exit" as never)
    })
  })
)

add("a link to a process that is gone", "the link, with the process that lives on", (scene) =>
  Effect.gen(function* () {
    yield* Process.trapExit(true)
    const pid = yield* waiter(scene)
    yield* kill(scene, pid)
    return Effect.andThen(Process.link(pid), scene.self.receiveTag("Exit" as never))
  })
)

add("a linked child that ends", "the link, with its parent", (scene) =>
  Effect.gen(function* () {
    const pid = yield* Process.self
    yield* Process.trapExit(true)
    return Effect.andThen(
      Process.startLink(Short, { how: "returns", pid }, scene.there),
      scene.self.receiveTag("Exit" as never)
    )
  })
)

// --- timers ------------------------------------------------------------------------------------------------------------

add("a timer that is cancelled", "the timer, in the wheel and in the table of references", (scene) =>
  Effect.map(waiter(scene), (pid) =>
    Effect.flatMap(Process.sendAfter(pid, "late", long), (ref) => Process.cancelTimer(ref))
  )
)

add("timers that are cancelled out of order", "their pages, in the table of references", (scene) =>
  Effect.map(waiter(scene), (pid) =>
    Effect.gen(function* () {
      const refs: Array<Process.TimerRef> = []
      for (let count = 0; count < 10; count++) refs.push(yield* Process.sendAfter(pid, "late", long))
      yield* Process.readTimer(refs[3]!)
      for (const ref of refs.reverse()) yield* Process.cancelTimer(ref)
    })
  )
)

add("a timer that fires", "the timer, in the table of references", (scene) =>
  Effect.map(server(scene), ({ pid }) => together(Process.sendAfter(pid as Process.Pid<unknown>, "text", 500)))
)

add("an exit that is sent later, to a process that is gone by then", "the timer", (scene) =>
  Effect.gen(function* () {
    const pid = yield* waiter(scene)
    yield* kill(scene, pid)
    return together(Process.killAfter(pid, 500))
  })
)

add("code that runs later", "the timer, and the process it runs in", () =>
  Effect.succeed(together(Process.applyAfter(Effect.void, 500)))
)

add("an interval that is cancelled", "its process", (scene) =>
  Effect.map(server(scene), ({ pid }) =>
    Effect.flatMap(Process.sendInterval(pid as Process.Pid<unknown>, "tick", long), Process.cancelInterval)
  )
)

add("timers of a process that ends", "the timers until they are due, an hour later, and all they send", (scene) =>
  Effect.gen(function* () {
    const pid = yield* Process.self
    return Effect.gen(function* () {
      const ref = yield* Process.monitor(yield* Process.start(Short, { how: "sets timers", pid }, scene.there))
      yield* ended(scene, ref)
    })
  })
)

for (const how of ["waits long", "sleeps"] as const) {
  add(
    `a process that ${how === "sleeps" ? how : "waits for a message or a time"}, and is killed`,
    "its timer",
    (scene) =>
      Effect.gen(function* () {
        const self = yield* Process.self
        return Effect.flatMap(Process.start(Short, { how, pid: self }, scene.there), (pid) => kill(scene, pid))
      })
  )
}

// --- names -------------------------------------------------------------------------------------------------------------

add("a name that is registered and unregistered", "its entry on any scheduler", (scene) =>
  Effect.map(waiter(scene), (pid) => Effect.andThen(Process.register("name", pid), Process.unregister("name")))
)

let names = 0

add("names that are all different", "their entries, and what becomes of them on other schedulers", (scene) =>
  Effect.map(waiter(scene), (pid) =>
    Effect.suspend(() => {
      const name = `name ${++names}`
      return Effect.andThen(Process.register(name, pid), Process.unregister(name))
    })
  )
)

add("a name that goes with its process", "its entry, or a note that it went, on any scheduler", (scene) =>
  Effect.succeed(
    Effect.gen(function* () {
      const { pid } = yield* GenServer.start(Server, {}, { ...scene.there, name: `name ${++names}` })
      yield* kill(scene, pid)
    })
  )
)

add("a name that is unregistered while its process ends", "a note that it went, on any scheduler", (scene) =>
  Effect.succeed(
    Effect.gen(function* () {
      const name = `name ${++names}`
      const to = yield* GenServer.start(Server, {}, { ...scene.there, name })
      const ref = yield* Process.monitor(to.pid)
      yield* to.stop()
      yield* Process.unregister(name)
      yield* ended(scene, ref)
    })
  )
)

add("a name that is taken", "the process that wanted it", (scene) =>
  Effect.gen(function* () {
    yield* GenServer.start(Server, {}, { ...scene.there, name: "taken" })
    const pid = yield* waiter(scene)
    return Effect.andThen(
      Effect.flip(Process.register("taken", pid)),
      Effect.flip(GenServer.start(Server, {}, { ...scene.there, name: "taken" }))
    )
  })
)

add("a registry's entry that comes and goes", "the entry, on any scheduler", (scene) =>
  Effect.gen(function* () {
    yield* places.startLink
    return Effect.gen(function* () {
      const ref = yield* server(scene)
      yield* places.registerRef(ref, `key ${++names}`, 1)
      yield* kill(scene, ref.pid)
    })
  })
)

add("entries of one key that come and go", "the entries, and the lists of them", (scene) =>
  Effect.gen(function* () {
    yield* groups.startLink
    yield* groups.registerRef(yield* server(scene), "key", undefined)
    return Effect.gen(function* () {
      const ref = yield* server(scene)
      yield* groups.registerRef(ref, "key", undefined)
      yield* groups.lookup("key")
      yield* kill(scene, ref.pid)
    })
  })
)

add("a subscription to a registry's changes", "the listener, and what it has not taken", () =>
  Effect.as(watched.startLink, Effect.scoped(Effect.andThen(watched.subscribe, watched.count)))
)

add("a listener to the system's events", "the listener, and what it has not taken", () =>
  Effect.succeed(
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(Stream.runDrain(System.events), { startImmediately: true })
      yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
    })
  )
)

// --- processes ---------------------------------------------------------------------------------------------------------

add("a process that ends by itself", "its record, in the table of processes", (scene) =>
  Effect.succeed(
    Effect.gen(function* () {
      const pid = yield* Process.self
      const ref = yield* Process.monitor(yield* Process.start(Short, { how: "returns", pid }, scene.there))
      yield* ended(scene, ref)
    })
  )
)

add("a process that crashes", "its record, and its report", (scene) =>
  Effect.succeed(
    Effect.gen(function* () {
      const pid = yield* Process.self
      const ref = yield* Process.monitor(yield* Process.start(Short, { how: "fails", pid }, scene.there))
      yield* ended(scene, ref)
    })
  )
)

add("a process that is killed before it has run", "its record, in the table of processes", () =>
  Effect.succeed(
    Effect.flatMap(
      Process.spawn(Schema.String, (self) => self.receive),
      (pid) => Process.exit(pid, ExitReason.kill)
    )
  )
)

add("a server that ends", "its record, in the table of processes", (scene) =>
  Effect.succeed(
    Effect.gen(function* () {
      const to = yield* server(scene)
      yield* to.ping()
      yield* GenServer.terminate(to)
    })
  )
)

add("an effect that is run as a process", "its process, and who waits for it", () =>
  Effect.succeed(Process.run(Effect.void))
)

add("an effect that is run as a process and interrupted", "its process, and who waits for it", () =>
  Effect.succeed(interrupted(Process.run(Effect.never)))
)

add("questions about a process", "the questions, among the pending ones", (scene) =>
  Effect.map(waiter(scene), (pid) => Effect.andThen(Process.isAlive(pid), Process.info(pid)))
)

add("questions that are interrupted", "the questions, among the pending ones", (scene) =>
  Effect.map(waiter(scene), (pid) => interrupted(Process.info(pid)))
)

add("an entry of the process's dictionary", "the entry", () =>
  Effect.succeed(
    Effect.suspend(() => {
      const key = {}
      return Effect.andThen(Process.put(key, "value"), Process.erase(key))
    })
  )
)

// --- starts ------------------------------------------------------------------------------------------------------------

for (const how of ["fails", "dies", "stops", "ignores"] as const) {
  add(`a start whose init ${how}`, "the process, its starter's call, its link", (scene) =>
    Effect.gen(function* () {
      yield* Process.trapExit(true)
      return Effect.gen(function* () {
        yield* Effect.flip(GenServer.start(Stillborn, { how }, scene.there))
        yield* Effect.flip(GenServer.startMonitor(Stillborn, { how }, scene.there))
        yield* Effect.flip(GenServer.startLink(Stillborn, { how }, scene.there))
        yield* scene.self.flush
      })
    })
  )
}

add("a start that times out", "the process, which hangs in its init; its starter's call", (scene) =>
  Effect.succeed(together(GenServer.start(Stillborn, { how: "hangs" }, { ...scene.there, timeout: 500 })))
)

add("a linked start that times out", "the process, which hangs in its init; the link", (scene) =>
  Effect.succeed(together(GenServer.startLink(Stillborn, { how: "hangs" }, { ...scene.there, timeout: 500 })))
)

add(
  "a start that is over before it can have begun",
  "the process, which nobody knows by the time it is there",
  (scene) =>
    Effect.succeed(
      together(
        // Some may be in time
        Effect.flatMap(GenServer.start(Server, {}, { ...scene.there, timeout: 0 }), ({ pid }) =>
          Process.exit(pid, ExitReason.kill)
        )
      )
    )
)

add("a start that is interrupted", "the process, which hangs in its init; its starter's call", (scene) =>
  Effect.succeed(interrupted(GenServer.start(Stillborn, { how: "hangs" }, scene.there)))
)

add("a start whose starter is killed", "the process, which hangs in its init; its starter", (scene) =>
  Effect.succeed(killed(scene, GenServer.startLink(Stillborn, { how: "hangs" }, scene.there)))
)

add("a start on any scheduler", "the start, among those that have not happened", (scene) =>
  Effect.succeed(
    Effect.gen(function* () {
      const { pid } = yield* GenServer.start(Server, {}, { on: "any" })
      yield* kill(scene, pid)
    })
  )
)

add("a start on any scheduler that is interrupted", "the start, among those that have not happened", () =>
  Effect.succeed(interrupted(GenServer.start(Stillborn, { how: "hangs" }, { on: "any" })))
)

// --- supervisors -------------------------------------------------------------------------------------------------------

const pool = (name: string, scene: Scene) =>
  Effect.as(
    Supervisor.start({ ...Supervisor.dynamic(name, Server).spec, ...scene.there }),
    Supervisor.dynamic(name, Server, { restart: "temporary" })
  )

add("a child of a dynamic supervisor that ends", "the child, with its supervisor", (scene) =>
  Effect.map(pool("ending", scene), (children) =>
    Effect.gen(function* () {
      const child = yield* children.start()
      yield* GenServer.terminate(child)
      yield* children.count
    })
  )
)

add("a child of a dynamic supervisor that is stopped", "the child, with its supervisor", (scene) =>
  Effect.map(pool("stopping", scene), (children) =>
    Effect.flatMap(children.start(), (child) => children.terminate(child))
  )
)

add("a child of a dynamic supervisor that cannot be started", "the child, with its supervisor", (scene) =>
  Effect.gen(function* () {
    const children = Supervisor.dynamic("failing", Stillborn)
    yield* Supervisor.start({ ...children.spec, ...scene.there })
    return Effect.flip(children.start({ how: "fails" }))
  })
)

add("a child of a supervisor that is added and taken away", "its spec, with its supervisor", (scene) =>
  Effect.gen(function* () {
    const spec = Supervisor.supervisor("changing", { strategy: "one-for-one", children: [] })
    yield* Supervisor.start({ ...spec, ...scene.there })
    return Effect.gen(function* () {
      const id = `child ${++names}`
      yield* Supervisor.startChild("changing", Supervisor.child(Server, {}, { id }))
      yield* Supervisor.terminateChild("changing", id)
      yield* Supervisor.deleteChild("changing", id)
    })
  })
)

add("a temporary child of a supervisor that ends", "its spec, with its supervisor", (scene) =>
  Effect.gen(function* () {
    const spec = Supervisor.supervisor("forgetting", { strategy: "one-for-one", children: [] })
    yield* Supervisor.start({ ...spec, ...scene.there })
    return Effect.gen(function* () {
      const id = `child ${++names}`
      const child = Supervisor.child(Server, {}, { id, restart: "temporary" })
      const pid = yield* Supervisor.startChild("forgetting", child)
      yield* kill(scene, pid!)
      yield* Supervisor.countChildren("forgetting")
    })
  })
)

add("a child that is started again and again", "its restarts, with its supervisor", (scene) =>
  Effect.gen(function* () {
    const children = [Supervisor.child(Server, {}, { name: "again" })]
    const intensity = { restarts: 1, within: 1 }
    const spec = Supervisor.supervisor("restarting", { strategy: "one-for-one", children, intensity })
    yield* Supervisor.start({ ...spec, ...scene.there })
    return Effect.gen(function* () {
      yield* TestClock.adjust("1 second")
      yield* kill(scene, (yield* Process.whereis("again"))!)
      yield* Supervisor.countChildren("restarting")
    })
  })
)

// --- schedulers ----------------------------------------------------------------------------------------------------------

add(
  "a scheduler that is lost and refilled",
  "all that a scheduler is; and what others have of its processes: calls, monitors, links, names, starts that wait for it",
  (scene) =>
    Effect.gen(function* () {
      const { scheduler } = scene.there.on
      yield* Process.trapExit(true)
      return Effect.gen(function* () {
        const to = yield* GenServer.start(Server, {}, { ...scene.there, name: `name ${++names}` })
        yield* Process.link(to.pid)
        const ref = yield* Process.monitor(to.pid)
        const call = yield* Effect.forkChild(Effect.flip(to.never({ timeout: long })), { startImmediately: true })
        // All of that has come
        yield* to.ping()
        yield* System.killScheduler(scheduler)
        yield* ended(scene, ref)
        yield* Fiber.join(call)
        for (let count = 0; count < 100; count++) {
          yield* interrupted(GenServer.start(Stillborn, { how: "hangs" }, scene.there))
        }
        // It waits for the scheduler
        yield* kill(scene, (yield* server(scene)).pid)
        yield* scene.self.flush
      })
    }),
  // What is compiled for a while counts for hundreds of operations here; a scheduler has tens of thousands of bytes
  { on: "several schedulers", operations: 10, tolerance: 2000 }
)

/** Those that can be done on so many schedulers. */
export const casesOn = (schedulers: number): ReadonlyArray<Case> =>
  cases.filter(({ on }) => on === undefined || schedulers > 1)
