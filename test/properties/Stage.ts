/**
 * The system all programs are played on, booted once: virtual schedulers, a resident process on each of them through
 * which the world is looked at, and a controller that watches every puppet.
 */
import { ExitReason, Process, System } from "@understudy/core"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { schedulers } from "./Program.ts"
import { enter, Order, Puppet, PuppetLive, perform, type Self, type Task } from "./Puppet.ts"

type Host = System.System["Service"]

/** A booted system. */
export interface Stage {
  /** Asks every scheduler something of every other one: what they had sent each other before has arrived after this. */
  readonly roundTrip: () => Promise<void>
  /** Tells a process to do something, from its own scheduler. */
  readonly tell: (pid: Process.Pid<Order>, run: Task["run"]) => Task
  /** As {@link Stage.tell}, and waits for the answer; `undefined` when none comes. */
  readonly ask: (pid: Process.Pid<Order>, run: Task["run"]) => Promise<string | undefined>
  /** Makes the controller watch a process. */
  readonly watch: (pid: Process.Pid) => Promise<void>
  /** Why processes ended, by the text of their pids, once for each Down that the controller got. */
  readonly ends: Map<string, Array<string>>
  /** The controller: who starts processes when nobody else can. */
  readonly controller: Process.Pid<Order>
  /** All living processes, by the text of their pids. */
  readonly processes: () => Map<string, Process.Info>
  /** Who holds a name, as each scheduler sees it. */
  readonly holders: (name: string) => ReadonlyArray<string | undefined>
  /** Sends the exit signal `kill`, from the process's own scheduler. */
  readonly kill: (pid: Process.Pid) => void
  readonly close: () => Promise<void>
}

/** Round trips that an answer is waited for. It takes one or two; a process that never answers fails the program. */
const patience = 50

/** The event loop goes round once. */
const turn = () => new Promise<void>((resolve) => void setImmediate(resolve))

/** Boots the system. */
export const boot = async (): Promise<Stage> => {
  const runtime = ManagedRuntime.make(
    System.layer({ schedulers, virtual: true, implementations: [PuppetLive], layer: Logger.layer([]) })
  )
  const hosts: Array<Host> = [await runtime.runPromise(System.System)]
  const at = <A>(host: Host | undefined, effect: Effect.Effect<A, never, System.System>): A => {
    if (host === undefined) throw new RangeError("there is no such scheduler")
    return Effect.runSync(Effect.provideService(effect, System.System, host))
  }

  // A process that came from another scheduler is told by this one, until its own is known
  const tell: Stage["tell"] = (pid, run) => {
    const { number, task } = enter(run)
    at(hosts[pid.slot] ?? hosts[0], Process.send(pid, { _tag: "Do", task: number }))
    return task
  }

  const residents: Array<Process.Pid<Order>> = []
  for (let scheduler = 0; scheduler < schedulers; scheduler++) {
    const resident = await runtime.runPromise(Effect.orDie(Process.start(Puppet, {}, { on: { scheduler } })))
    residents.push(resident)
    const look = tell(resident, () =>
      Effect.map(System.System, (host) => {
        hosts[scheduler] = host
        return "done"
      })
    )
    while (look.answer === undefined) await turn()
  }

  const roundTrip = () =>
    new Promise<void>((resolve) => {
      let missing = 0
      const answered = () => {
        if (--missing === 0) resolve()
      }
      for (const [slot, host] of hosts.entries()) {
        for (const resident of residents) {
          if (resident.slot === slot) continue
          missing++
          Effect.runCallback(Effect.provideService(Process.isAlive(resident), System.System, host), {
            onExit: answered
          })
        }
      }
    })

  const ask: Stage["ask"] = async (pid, run) => {
    const task = tell(pid, run)
    for (let trips = 0; task.answer === undefined && trips < patience; trips++) {
      // Most answers take a turn of one scheduler
      await (trips < 4 ? turn() : roundTrip())
    }
    return task.answer
  }

  const ends = new Map<string, Array<string>>()
  const controller = await runtime.runPromise(Process.spawn(Order, (self) => control(self, ends)))

  return {
    roundTrip,
    tell,
    ask,
    ends,
    controller,
    watch: async (pid) => {
      await ask(controller, () => Effect.as(Process.monitor(pid), "done"))
    },
    processes: () => {
      const all = hosts.flatMap((host) => at(host, Process.list))
      return new Map(all.map((info) => [info.pid.toString(), info]))
    },
    holders: (name) => hosts.map((host) => at(host, Process.whereis(name))?.toString()),
    kill: (pid) => at(hosts[pid.slot], Process.exit(pid, ExitReason.kill)),
    close: () => runtime.dispose()
  }
}

/** What the controller runs: it does what it is told and writes down who ended. */
const control = (self: Self, ends: Stage["ends"]): Effect.Effect<never, never, Process.Provided> =>
  Effect.forever(
    Effect.flatMap(self.receive, (message) => {
      if (message instanceof Process.Down) {
        const pid = message.pid.toString()
        const known = ends.get(pid)
        const reason = ExitReason.format(message.reason)
        if (known === undefined) ends.set(pid, [reason])
        else known.push(reason)
      }
      return message._tag === "Do" ? perform(self, message.task) : Effect.void
    }),
    { disableYield: true }
  )
