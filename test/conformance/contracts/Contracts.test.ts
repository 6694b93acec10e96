/**
 * A message reaches only a handler that was meant for it: whatever a program does to get an address of one contract that means a
 * process of another, and whatever it sends there. A call ends at once in an error that names both contracts, a cast is dropped and
 * reported, a plain message gets in if the receiver's own schema takes it. The receiver lives on, its state is what it was.
 */
import { ExitReason, GenServer, Process, System } from "@understudy/core"
import { Supervisor } from "@understudy/supervisor"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { expect } from "vitest"
import { onEachSystem } from "../testers.ts"
import {
  Foreign,
  Gate,
  Incomplete,
  Ledger,
  Meant,
  MeantBounded,
  patient,
  Selfish,
  SelfishRaw,
  Stuck,
  selves,
  Word
} from "./actors.ts"
import { listenAt } from "./listening.ts"
import { program } from "./program.ts"
import { type Receiver, receivers, type Started, type Tester } from "./receivers.ts"
import { addresses, type ForeignAddress, type MeantRef, refs, type Scene } from "./ways.ts"

const play = {
  mailbox: Word,
  entry: new URL("./entry.ts", import.meta.url),
  program,
  layer: (settings: object) => System.layer({ ...program, ...settings })
}

type Sending<A = void> = Effect.Effect<A, unknown, Process.Provided>

let uniques = 0

onEachSystem("Contracts", play, ({ here, scenario, there }) => {
  /** Waits for the end of a process that is killed. */
  const bury = (tester: Tester) => (pid: Process.Pid) =>
    Effect.gen(function* () {
      const ref = yield* Process.monitor(pid)
      yield* Process.exit(pid, ExitReason.kill)
      yield* tester.receiveWhen(
        (message): message is Process.Down => message instanceof Process.Down && message.ref === ref
      )
    })

  const sceneOf = (tester: Tester, receiver: Receiver): Scene => {
    const unique = `${receiver.kind} ${++uniques}`
    const name = receiver.nameOf(unique)
    return { name, start: receiver.start(tester, unique, there), here, there, bury: bury(tester) }
  }

  /** Listens for what is reported on the receivers' scheduler. */
  const listen = listenAt(there)

  /** Runs a sending. */
  type By = <A>(sending: Sending<A>) => Sending<A>

  /** By the tester's own code, and by a fiber that belongs to no process. */
  const senders: ReadonlyArray<By> = [
    (sending) => sending,
    (sending) =>
      Effect.flatMap(System.System, (host) =>
        // What sends needs a system, and no process
        Fiber.join(Effect.runForkWith(host.context)(sending as Effect.Effect<never, unknown>))
      )
  ]

  /** A call is refused at once, by an error that names both contracts. */
  const refused = (
    call: Effect.Effect<unknown, unknown, System.System>,
    ref: Pick<MeantRef, "address" | "contract">,
    message: string,
    receiver: Pick<Receiver, "contract">
  ): Sending =>
    Effect.map(Effect.flip(call), (error) => {
      const { contract } = receiver
      const name = `${ref.contract}.${message}`
      expect(error).toBeInstanceOf(GenServer.UnknownCall)
      expect(error).toMatchObject({ callee: String(ref.address), call: name, contract, problem: "other-contract" })
      expect((error as Error).message).toContain(name)
      expect((error as Error).message).toContain(`(${contract})`)
    })

  const untouched = (started: Started, before: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      expect(yield* Process.isAlive(started.pid)).toBe(true)
      expect(yield* started.state).toEqual(before)
    })

  const plan = <A>(ways: ReadonlyArray<{ appliesTo: (receiver: Receiver) => boolean } & A>) =>
    receivers.flatMap((receiver) => ways.filter((way) => way.appliesTo(receiver)).map((way) => ({ receiver, way })))

  for (const { receiver, way } of plan(refs)) {
    scenario(
      `S50 ${receiver.kind}, by ${way.name}: calls are refused, casts are dropped and reported`,
      function* (tester) {
        const scene = sceneOf(tester, receiver)
        const { address: ref, started } = yield* way.lead(scene)
        const others = [yield* GenServer.start(Meant, {}, here), yield* GenServer.start(Meant, {}, there)]
        const before = yield* started.state
        const casts: ReadonlyArray<Effect.Effect<void, never, System.System>> = [
          ref.note({ value: 1 }),
          ref.furtherNote(),
          Effect.asVoid(Process.applyAfter(ref.note({ value: 2 }), 0)),
          Effect.asVoid(Process.applyAfter(ref.furtherNote(), { at: 0 }))
        ]
        const calls: ReadonlyArray<Sending> = [
          refused(ref.ask({ value: 3 }, patient), ref, "ask", receiver),
          refused(ref.further(patient), ref, "further", receiver),
          refused(GenServer.terminate(ref), ref, "terminate", receiver),
          refused(
            GenServer.terminate(ref, { reason: ExitReason.shutdown, timeout: 60_000 }),
            ref,
            "terminate",
            receiver
          ),
          // Many at once: the others answer
          Effect.gen(function* () {
            const all = [others[0]!, ref, others[1]!, ref]
            const ask = (each: MeantRef) => each.ask({ value: 0 }, patient)
            const [good, bad] = yield* Effect.partition(all, ask, { concurrency: "unbounded" })
            expect(bad.length).toBe(2)
            for (const error of bad) yield* refused(Effect.fail(error), ref, "ask", receiver)
            expect(good).toEqual([0, 0])
          })
        ]
        const { reportsOf } = yield* listen
        const reports = yield* reportsOf(
          started.pid,
          () => senders.length * casts.length,
          Effect.forEach(senders, (by) => Effect.forEach([...casts, ...calls], by))
        )
        // Of calls nobody but the caller is told
        expect(reports.map(({ _tag }) => _tag)).toEqual(senders.flatMap(() => casts.map(() => "MessageRejected")))
        for (const report of reports) {
          expect(report).toMatchObject({ problem: expect.stringContaining(ref.contract) })
          expect(report).toMatchObject({ problem: expect.stringContaining(receiver.contract) })
        }
        yield* untouched(started, before)
        expect(yield* others[0]!.ask({ value: 0 })).toBe(0)
      }
    )
  }

  // --- supervisors' functions ------------------------------------------------------------------------------------------

  /** Every function that asks a supervisor, by the contract that its question is of. */
  const questions = (name: string): Readonly<Record<string, Effect.Effect<unknown, unknown, System.System>>> => {
    const pool = Supervisor.dynamic(name, Ledger)
    const spec = Supervisor.child(Ledger, {}, { id: "new" })
    return {
      "understudy/AnySupervisor.whichChildren": Supervisor.whichChildren(name),
      "understudy/AnySupervisor.countChildren": Supervisor.countChildren(name),
      "understudy/AnySupervisor.terminate": Supervisor.stop(name),
      "understudy/Supervisor.startChild": Supervisor.startChild(name, spec),
      "understudy/Supervisor.terminateChild": Supervisor.terminateChild(name, "first"),
      "understudy/Supervisor.restartChild": Supervisor.restartChild(name, "first"),
      "understudy/Supervisor.deleteChild": Supervisor.deleteChild(name, "first"),
      "understudy/DynamicSupervisor.startChild": pool.start(),
      "understudy/DynamicSupervisor.terminateChild": Effect.flatMap(Process.self, (pid) =>
        pool.terminate(pid)
      ) as Effect.Effect<unknown, unknown, System.System>,
      "understudy/DynamicSupervisor.whichChildren": pool.which,
      "understudy/DynamicSupervisor.countChildren": pool.count
    }
  }

  /** Whether a process of the contract takes such a question. */
  const takes = (contract: string, question: string) =>
    question.startsWith(`${contract}.`) ||
    (/Supervisor$/.test(contract) && question.startsWith("understudy/AnySupervisor."))

  for (const receiver of receivers) {
    scenario(`S50 ${receiver.kind}, asked by the functions of supervisors that it is none of`, function* (tester) {
      const { name, start } = sceneOf(tester, receiver)
      const started = yield* start
      const before = yield* started.state
      const strange = Object.entries(questions(name)).filter(([question]) => !takes(receiver.contract, question))
      const { reportsOf } = yield* listen
      const reports = yield* reportsOf(
        started.pid,
        () => 0,
        Effect.forEach(strange, ([question, asking]) => {
          const [contract = "", message = ""] = question.split(".")
          return refused(asking, { contract, address: Process.named(name, Foreign) }, message, receiver)
        })
      )
      expect(reports).toEqual([])
      yield* untouched(started, before)
      expect((yield* Supervisor.tree(name)).status).toBe(
        takes(receiver.contract, "understudy/AnySupervisor.") ? "running" : "no-supervisor"
      )
    })
  }

  // --- plain messages --------------------------------------------------------------------------------------------------

  /** What is sent: one that all schemas take, of those who take any, and one that the sender's takes, and hardly any receiver's. */
  const plainMessages = { number: 7, struct: { x: 1 } } as const
  const kinds = ["number", "struct"] as const

  /** What the sender sees of its message. */
  const outcomeOf = (sending: Sending<unknown>): Sending<"sent" | "told"> =>
    Effect.map(Effect.exit(sending), (exit) => {
      if (Exit.isSuccess(exit)) return exit.value === false ? "told" : "sent"
      expect(Cause.squash(exit.cause)).toMatchObject({ _tag: expect.stringMatching(/^(InvalidMessage|SendFailed)$/) })
      return "told"
    })

  type SendBy = (to: ForeignAddress, message: typeof Foreign.Type) => Sending<unknown>

  /** Every way to send a plain message. The last ones send it later, in nobody's name. */
  const sendings: Readonly<Record<string, SendBy>> = {
    send: Process.send,
    // It takes any address
    sendUnknown: (to, message) => Process.sendUnknown(to as Process.Address<unknown> as Process.Address, message),
    trySend: Process.trySend,
    sendWithin: (to, message) => Process.sendWithin(to, message, "1 minute"),
    sendAfter: (to, message) => Process.sendAfter(to, message, 0),
    "sendAfter with a deadline": (to, message) => Process.sendAfter(to, message, { at: 0 }),
    startTimer: (to, message) => Process.startTimer(to, () => message, 0)
  }

  /** Ways whose sender waits until it is known what came of its message. */
  const tells = new Set(["trySend", "sendWithin"])

  for (const { receiver, way } of plan(addresses)) {
    scenario(`S50 ${receiver.kind}, by ${way.name}: plain messages are checked by its own schema`, function* (tester) {
      const { reportsOf } = yield* listen
      const { address, started } = yield* way.lead(sceneOf(tester, receiver))
      for (const kind of kinds) {
        const message = plainMessages[kind]
        for (const [how, sendBy] of Object.entries(sendings)) {
          for (const by of senders) {
            const before = yield* started.state
            let outcome: "sent" | "told" | undefined
            const isTaken = receiver.takes.includes(kind)
            const reports = yield* reportsOf(
              started.pid,
              () => (outcome === "told" || isTaken ? 0 : 1),
              Effect.gen(function* () {
                outcome = yield* by(outcomeOf(sendBy(address, message)))
                while (isTaken && (yield* started.state).length === before.length) yield* Effect.yieldNow
              })
            )
            const context = `${kind}, ${how}, ${outcome}`
            const after = yield* started.state
            if (isTaken) {
              expect(outcome, context).toBe("sent")
              expect(reports, context).toEqual([])
              expect(after, context).toEqual([...before, `heard ${JSON.stringify(message)}`])
              continue
            }
            expect(after, context).toEqual(before)
            // Who waits for what becomes of a message is told, and so is the operator, unless it was not sent at all
            if (tells.has(how)) expect(outcome, context).toBe("told")
            expect(reports.length, context).toBeLessThanOrEqual(1)
            if (outcome === "sent") expect(reports, context).toMatchObject([{ _tag: "MessageRejected" }])
          }
        }
      }
      expect(yield* Process.isAlive(started.pid)).toBe(true)
    })
  }

  // --- receivers that are busy -------------------------------------------------------------------------------------------

  scenario("S50 a server that does not come back from its handler, and whose mailbox is full", function* (tester) {
    const { reportsOf } = yield* listen
    const gate = yield* GenServer.start(Gate, {}, here)
    const stuck = yield* GenServer.start(Stuck, {}, there)
    yield* stuck.enter({ gate: gate.pid })
    while ((yield* gate.waiting()) === 0) yield* Effect.yieldNow
    // There is room for one
    yield* stuck.put({ value: 1 })
    const refs = [Meant.at(stuck.pid), MeantBounded.at(stuck.pid) as MeantRef]
    const reports = yield* reportsOf(
      stuck.pid,
      () => senders.length * refs.length * 2,
      Effect.forEach(senders, (by) =>
        Effect.forEach(refs, (ref) =>
          by(
            Effect.gen(function* () {
              yield* ref.note({ value: 2 })
              yield* ref.furtherNote()
              yield* refused(ref.ask({ value: 3 }, patient), ref, "ask", { contract: Stuck.name })
              yield* refused(GenServer.terminate(ref), ref, "terminate", { contract: Stuck.name })
            })
          )
        )
      )
    )
    expect(new Set(reports.map(({ _tag }) => _tag))).toEqual(new Set(["MessageRejected"]))
    yield* gate.open()
    expect(yield* stuck.kept()).toEqual(["put 1"])
    // What was refused waits nowhere: there is room as soon as the only message is handled
    yield* stuck.put({ value: 4 })
    expect(yield* stuck.kept()).toEqual(["put 1", "put 4"])
    expect(yield* Process.info(tester.pid)).toMatchObject({ messageQueueLength: 0 })
  })

  // --- what nobody has a handler for -------------------------------------------------------------------------------------

  scenario("GS30 a call of its own contract that a server has no handler for ends at once", function* () {
    const { reportsOf } = yield* listen
    const server = yield* GenServer.start(Incomplete, {}, there)
    yield* server.put({ value: 1 })
    const reports = yield* reportsOf(
      server.pid,
      () => senders.length * 2,
      Effect.forEach(senders, (by) =>
        by(
          Effect.gen(function* () {
            const error = yield* Effect.flip(server.lost({ value: 2 }, patient))
            const call = "contracts/Incomplete.lost"
            const facts = { callee: String(server.pid), call, contract: Incomplete.name, problem: "no-handler" }
            expect(error).toBeInstanceOf(GenServer.UnknownCall)
            expect(error).toMatchObject(facts)
            expect(error.message).toContain("has no handler")
            yield* server.lostNote({ value: 3 })
          })
        )
      )
    )
    const received = ["call lost { value: 2 }", "cast lostNote { value: 3 }"]
    expect(reports).toMatchObject(
      senders.flatMap(() => received.map((text) => ({ _tag: "UnexpectedMessage", received: text })))
    )
    expect(yield* server.kept()).toEqual(["put 1"])
  })

  // --- those who call themselves -----------------------------------------------------------------------------------------

  for (const by of selves) {
    scenario(`GS44 a server that calls itself by ${by} is told so at once, and goes on`, function* () {
      const name = `selfish ${++uniques}`
      const server = yield* GenServer.start(Selfish, {}, { ...there, name })
      expect(yield* server.callSelf({ by, name }, patient)).toBe("CallingSelf")
      expect(yield* server.callSelf({ by, name: by.includes("by now") ? `${name}, later` : name }, patient)).toBe(
        "CallingSelf"
      )
      expect(yield* server.count()).toBe(2)
    })
  }

  scenario("GS44 a raw process that calls itself is told so at once, and goes on", function* (tester) {
    yield* Process.start(SelfishRaw, { to: tester.pid }, there)
    for (const _ of [1, 2, 3, 4]) expect(yield* tester.receive).toBe("CallingSelf")
  })
})
