/** Everything that a process can wait for, and what wakes it. */
import { ExitReason, GenServer, Process, System } from "@understudy/core"
import { Supervisor } from "@understudy/supervisor"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Gate, Raw, Server, Stranger, shelf } from "./actors.ts"

type Step = Effect.Effect<unknown, unknown, Process.Provided>

/** What a wait is given. */
export interface Scene {
  /** Where the others are: here, or on the other scheduler. */
  readonly there: { readonly on: { readonly scheduler: number }; readonly priority?: Process.Priority }
  /** Closed: `open` lets those pass that wait at it. */
  readonly gate: GenServer.PidRef<(typeof Gate)["protocol"]>
  /** The process that will wait. Known once it runs. */
  readonly waiter: () => Process.Pid<unknown>
  /** A name that nobody has. */
  readonly name: string
}

/** A wait, and what ends it. */
export interface Wait {
  /** What the process does. */
  readonly wait: (self: Process.Self<unknown>) => Step
  /** What somebody else does when it waits. Default: nothing, it ends by itself. */
  readonly wake?: Step
}

/** Makes ready for a wait. */
export type Prepare = (scene: Scene) => Effect.Effect<Wait, unknown, Process.Provided>

const all: Record<string, Prepare> = {}

/** What is done at once where nobody else has to agree or to be asked. */
export const immediate: ReadonlySet<string> = new Set([
  "Process.register",
  "the registration of a server",
  "Process.isAlive",
  "Process.info"
])

/** What is waited for with the process's own messages: only a raw process can. */
export const ofReceivers: ReadonlySet<string> = new Set([
  "a message",
  "a message that it chooses",
  "a message or a time, which is over",
  "a message that a timer sends",
  "a message through an alias, by another process",
  "the end of a process that it monitors",
  "the end of a process that it is linked to",
  "Process.sleep, in a receive with a time",
  "the next event"
])

/** What ends by itself, or by what the process does in its turn. */
export const byItself: ReadonlySet<string> = new Set([
  "a message or a time, which is over",
  "a message that a timer sends",
  "a message through an alias, by another process",
  "Process.sleep",
  "Process.sleep, in a receive with a time",
  "an answer that does not come in time",
  "an answer of a process that does not take the call",
  "start whose time is over",
  "startLink whose time is over",
  "startMonitor whose time is over",
  "start of a server under a name that is taken",
  "start of a raw process",
  "start on any scheduler",
  "GenServer.terminate whose time is over",
  "GenServer.terminate of a process of another contract",
  "Process.run of what is killed",
  "room that does not come in time",
  "Process.register",
  "Process.register of a name that is taken",
  "Process.unregister",
  "the registration of a server",
  "Process.isAlive",
  "Process.info",
  "Supervisor.startChild",
  "the next event"
])

/** See the file's header. */
export const waits: Readonly<Record<string, Prepare>> = all

const open = ({ gate }: Scene): Step => gate.open()

const server = ({ there }: Scene) => GenServer.start(Server, {}, there)

const patient = { timeout: "Infinity" } as const

type Ref = GenServer.PidRef<(typeof Server)["protocol"]>

const define = (
  title: string,
  wait: (scene: Scene, to: Ref) => Wait,
  prepare: (scene: Scene, to: Ref) => Step = () => Effect.void
) => {
  all[title] = (scene) => Effect.flatMap(server(scene), (to) => Effect.map(prepare(scene, to), () => wait(scene, to)))
}

// --- messages ----------------------------------------------------------------------------------------------------------

define("a message", ({ waiter }) => ({
  wait: (self) => self.receive,
  wake: Effect.suspend(() => Process.send(waiter(), "message"))
}))
define("a message that it chooses", ({ waiter }) => ({
  wait: (self) => self.receiveWhen((message): message is string => message === "message"),
  wake: Effect.suspend(() => Process.send(waiter(), "message"))
}))
define("a message or a time, which is over", () => ({
  wait: (self) => Effect.ignore(self.receiveWithin(1))
}))
define("a message that a timer sends", () => ({
  wait: (self) => Effect.andThen(Process.sendAfter(self.pid, "message", 1), self.receive)
}))
define("a message through an alias, by another process", () => ({
  wait: (self) =>
    Effect.gen(function* () {
      const alias = yield* self.alias("reply")
      yield* Process.spawn(Schema.Never, () => Process.send(alias, "message"))
      yield* self.receive
    })
}))
define("the end of a process that it monitors", (_, { pid }) => ({
  wait: (self) => Effect.andThen(Process.monitor(pid), self.receive),
  wake: Process.exit(pid, ExitReason.shutdown)
}))
define("the end of a process that it is linked to", (_, { pid }) => ({
  wait: (self) => Effect.andThen(Process.trapExit(true), Effect.andThen(Process.link(pid), self.receive)),
  wake: Process.exit(pid, ExitReason.shutdown)
}))

// --- time --------------------------------------------------------------------------------------------------------------

define("Process.sleep", () => ({ wait: () => Process.sleep(1) }))
define("Process.sleep, in a receive with a time", () => ({
  wait: (self) => Effect.raceFirst(Process.sleep(1), self.receive)
}))

// --- calls -------------------------------------------------------------------------------------------------------------

define("an answer", (scene, to) => ({ wait: () => to.answer({ gate: scene.gate.pid }, patient), wake: open(scene) }))
define("an answer that is given later", (scene, to) => ({
  wait: () => to.answerLater({ gate: scene.gate.pid }, patient),
  wake: open(scene)
}))
define("a typed failure", (scene, to) => ({
  wait: () => Effect.flip(to.fail({ gate: scene.gate.pid }, patient)),
  wake: open(scene)
}))
define("an answer of a server that ends instead", (scene, to) => ({
  wait: () => Effect.flip(to.end({ gate: scene.gate.pid }, patient)),
  wake: open(scene)
}))
define("an answer of a server that is killed", (scene, to) => ({
  wait: () => Effect.flip(to.answer({ gate: scene.gate.pid }, patient)),
  wake: Process.exit(to.pid, ExitReason.kill)
}))
define("an answer that does not come in time", (scene, to) => ({
  wait: () => Effect.flip(to.answer({ gate: scene.gate.pid }, { timeout: 1 }))
}))
define("an answer of a process that does not take the call", (_, { pid }) => ({
  wait: () => Effect.flip(Stranger.at(pid).strange(patient))
}))
define("several answers at once", (scene, to) => ({
  wait: () =>
    Effect.all([to.answer({ gate: scene.gate.pid }, patient), Gate.at(scene.gate.pid).pass(patient)], {
      concurrency: "unbounded"
    }),
  wake: Effect.andThen(Effect.yieldNow, Effect.andThen(open(scene), open(scene)))
}))

// --- starts and ends ---------------------------------------------------------------------------------------------------

for (const [how, start] of [
  ["start", GenServer.start],
  ["startLink", GenServer.startLink],
  ["startMonitor", GenServer.startMonitor]
] as const) {
  const startWith = start as unknown as (
    contract: typeof Server,
    args: typeof Server.args.Type,
    options: GenServer.StartOptions
  ) => Step
  define(`${how}`, (scene) => ({
    wait: () => startWith(Server, { gate: scene.gate.pid }, scene.there),
    wake: open(scene)
  }))
  define(`${how} that fails`, (scene) => ({
    wait: () =>
      Effect.andThen(
        Process.trapExit(true),
        Effect.flip(startWith(Server, { gate: scene.gate.pid, init: "fails" }, scene.there))
      ),
    wake: open(scene)
  }))
  define(`${how} that is ignored`, (scene) => ({
    wait: () => Effect.flip(startWith(Server, { gate: scene.gate.pid, init: "ignores" }, scene.there)),
    wake: open(scene)
  }))
  define(`${how} whose time is over`, (scene) => ({
    wait: () => Effect.flip(startWith(Server, { gate: scene.gate.pid }, { ...scene.there, timeout: 1 }))
  }))
}
define("start of a server under a name that is taken", (scene, { pid }) => ({
  wait: () =>
    Effect.andThen(
      Process.register(scene.name, pid),
      Effect.flip(GenServer.start(Server, {}, { ...scene.there, name: scene.name }))
    )
}))
define("start of a raw process", ({ there }) => ({ wait: () => Process.start(Raw, {}, there) }))
define("start on any scheduler", () => ({ wait: () => GenServer.start(Server, {}, { on: "any" }) }))
define("GenServer.terminate", (scene, to) => ({
  wait: () => Effect.andThen(to.enter({ gate: scene.gate.pid }), GenServer.terminate(to)),
  wake: open(scene)
}))
define("GenServer.terminate whose time is over", (scene, to) => ({
  wait: () => Effect.andThen(to.enter({ gate: scene.gate.pid }), Effect.flip(GenServer.terminate(to, { timeout: 1 })))
}))
define("GenServer.terminate of a process of another contract", (_, { pid }) => ({
  wait: () => Effect.flip(GenServer.terminate(Stranger.at(pid)))
}))
define("Process.run", ({ gate }) => ({
  wait: () => Process.run(Gate.at(gate.pid).pass(patient), { priority: "max" }),
  wake: gate.open()
}))
define("Process.run of what fails", ({ gate }) => ({
  wait: () =>
    Effect.flip(
      Process.run(Effect.andThen(Gate.at(gate.pid).pass(patient), Effect.fail("on purpose")), { priority: "max" })
    ),
  wake: gate.open()
}))
define("Process.run of what is killed", () => ({
  wait: () => Effect.flip(Process.run(Process.exit(ExitReason.shutdown), { priority: "max" }))
}))

// --- room --------------------------------------------------------------------------------------------------------------

/** The server is in its handler, and there is no room in its mailbox. Not for those to wait for that will: who is urgent starves it. */
const fill = (scene: Scene, to: Ref): Step =>
  Effect.gen(function* () {
    yield* to.enter({ gate: scene.gate.pid })
    while ((yield* Process.info(to.pid))?.messageQueueLength !== 0) yield* Effect.yieldNow
    yield* to.note()
  })

const asText = ({ pid }: Ref) => pid as Process.Pid<unknown>

const sendings: Readonly<Record<string, (to: Ref) => Step>> = {
  "a cast": (to) => to.note(),
  "a call": (to) => to.ask(patient),
  "a send": (to) => Process.send(asText(to), "text"),
  sendWithin: (to) => Process.sendWithin(asText(to), "text", "1 hour")
}

for (const [how, send] of Object.entries(sendings)) {
  define(`room for ${how}`, (scene, to) => ({ wait: () => send(to), wake: open(scene) }), fill)
  define(
    `room for ${how} in the mailbox of a process that ends`,
    (_, to) => ({ wait: () => Effect.exit(send(to)), wake: Process.exit(to.pid, ExitReason.kill) }),
    fill
  )
}
define(
  "room that does not come in time",
  (_, to) => ({ wait: () => Effect.flip(Process.sendWithin(asText(to), "text", 1)) }),
  fill
)

// --- names -------------------------------------------------------------------------------------------------------------

define("Process.register", ({ name }, { pid }) => ({ wait: () => Process.register(name, pid) }))
define("Process.register of a name that is taken", ({ name }, { pid }) => ({
  wait: () =>
    Effect.andThen(
      Process.register(name, pid),
      Effect.flatMap(Process.self, (self) => Effect.flip(Process.register(name, self)))
    )
}))
define("Process.unregister", ({ name }, { pid }) => ({
  wait: () => Effect.andThen(Process.register(name, pid), Process.unregister(name))
}))
define("the registration of a server", ({ name }, to) => ({ wait: () => shelf.registerRef(to, name, 1) }))

// --- questions ---------------------------------------------------------------------------------------------------------

define("Process.isAlive", (_, { pid }) => ({ wait: () => Process.isAlive(pid) }))
define("Process.info", (_, { pid }) => ({ wait: () => Process.info(pid) }))
define("Supervisor.startChild", ({ name, there }) => ({
  wait: () =>
    Effect.gen(function* () {
      const spec = Supervisor.supervisor(name, { strategy: "one-for-one", children: [] })
      yield* Supervisor.start({ ...spec, ...there })
      yield* Supervisor.startChild(name, Supervisor.child(Server, {}, { id: "child" }))
    })
}))
define("the next event", ({ waiter }, { pid }) => ({
  wait: () => Stream.runDrain(Stream.take(System.events, 1)),
  // Nobody says when it has begun to listen
  wake: Effect.gen(function* () {
    while (yield* Process.isAlive(waiter())) {
      yield* Stranger.at(pid).note()
      // Each is logged at the lowest priority, which must get its turn
      for (let turns = 0; turns < 100; turns++) yield* Effect.yieldNow
    }
  })
}))
