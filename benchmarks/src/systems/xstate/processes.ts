/**
 * xstate, actors: starting, ending and watching them, computing in them, and their timers.
 */
import { type AnyActor, assign, cancel, createActor, fromTransition, raise, setup } from "xstate"
import {
  bytesOfEach,
  check,
  expectedFib,
  fib,
  type PeerParameters,
  type PeerPrograms,
  ratePerSecond,
  signal
} from "../PeerPrograms.ts"

const idleLogic = fromTransition((state: null, _event: { readonly type: "stop" }) => state, null)

const startIdle = (actors: number): ReadonlyArray<AnyActor> => {
  const idle: Array<AnyActor> = []
  for (let count = 0; count < actors; count++) idle.push(createActor(idleLogic).start())
  return idle
}

const activeAmong = (actors: ReadonlyArray<AnyActor>): number =>
  actors.filter((actor) => actor.getSnapshot().status === "active").length

const endAll = (idle: ReadonlyArray<AnyActor>): void => {
  for (const actor of idle) actor.stop()
}

/** Sets a timer, a delayed event to itself, and cancels it. One that fires spoils the count. */
const timersMachine = setup({
  types: {
    context: {} as { readonly handled: number },
    events: {} as { readonly type: "set"; readonly delay: number } | { readonly type: "time" }
  },
  delays: { asTold: ({ event }) => (event.type === "set" ? event.delay : 0) }
}).createMachine({
  context: { handled: 0 },
  on: {
    set: {
      actions: [
        raise({ type: "time" }, { id: "timer", delay: "asTold" }),
        cancel("timer"),
        assign({ handled: ({ context }) => context.handled + 1 })
      ]
    },
    time: { actions: assign({ handled: Number.NaN }) }
  }
})

/** Sets timers, delayed events to itself, and tells when all of them have come. */
const alarmsMachine = setup({
  types: {
    context: {} as Alarms,
    input: {} as Pick<Alarms, "expected" | "done">,
    events: {} as { readonly type: "set"; readonly delay: number } | { readonly type: "time" }
  },
  delays: { asTold: ({ event }) => (event.type === "set" ? event.delay : 0) }
}).createMachine({
  context: ({ input }) => ({ ...input, fired: 0 }),
  on: {
    set: { actions: raise({ type: "time" }, { delay: "asTold" }) },
    time: {
      actions: [
        assign({ fired: ({ context }) => context.fired + 1 }),
        ({ context }) => {
          if (context.fired === context.expected) context.done()
        }
      ]
    }
  }
})

interface Alarms {
  readonly expected: number
  readonly done: () => void
  readonly fired: number
}

const startRate = async ({ processes }: PeerParameters["spawn-100k"]): Promise<number> => {
  let idle: ReadonlyArray<AnyActor> = []
  const perSecond = await ratePerSecond(processes, () => {
    idle = startIdle(processes)
  })
  check("active actors", processes, activeAmong(idle))
  endAll(idle)
  return perSecond
}

const bytesEach = async ({ processes }: PeerParameters["spawn-100k"]): Promise<number> => {
  const [each, idle] = await bytesOfEach(processes, () => startIdle(processes))
  endAll(idle)
  return each
}

/** Actors: starting, ending and watching them, computing in them, and their timers. */
export const processes = {
  "spawn-100k": startRate,
  // What handles messages is a server already
  "start-server-100k": startRate,
  "memory-raw": bytesEach,
  "memory-server": bytesEach,
  churn: async ({ processes }) => {
    let ran = 0
    const brief = fromTransition((state: null, event: { readonly type: "run" }) => {
      // xstate also tells a function that the actor is being stopped
      if (event.type === "run") ran++
      return state
    }, null)
    const perSecond = await ratePerSecond(processes, () => {
      for (let count = 0; count < processes; count++) {
        const actor = createActor(brief).start()
        actor.send({ type: "run" })
        actor.stop()
      }
    })
    check("actors that ran", processes, ran)
    return perSecond
  },
  "parallel-cpu": async ({ fib: n, processes }) => {
    const expected = expectedFib(n)
    let right = 0
    const worker = fromTransition((state: null, event: { readonly type: "go" }) => {
      if (event.type === "go" && fib(n) === expected) right++
      return state
    }, null)
    const perSecond = await ratePerSecond(processes, () => {
      for (let count = 0; count < processes; count++) {
        const actor = createActor(worker).start()
        actor.send({ type: "go" })
        actor.stop()
      }
    })
    check("right results", processes, right)
    return perSecond
  },
  "kill-monitored": async ({ processes }) => {
    const idle = startIdle(processes)
    let downs = 0
    const complete = () => {
      downs++
    }
    const perSecond = await ratePerSecond(processes, () => {
      for (const actor of idle) actor.subscribe({ complete })
      for (const actor of idle) actor.stop()
    })
    check("actors whose end was told", processes, downs)
    return perSecond
  },
  "monitor-demonitor": async ({ times }) => {
    const actor = createActor(idleLogic).start()
    let downs = 0
    const complete = () => {
      downs++
    }
    const perSecond = await ratePerSecond(times, () => {
      for (let count = 0; count < times; count++) actor.subscribe({ complete }).unsubscribe()
    })
    actor.subscribe({ complete })
    actor.stop()
    check("callbacks at the end, with one that was not taken back", 1, downs)
    return perSecond
  },
  "timer-cancel": async ({ timers }) => {
    const actor = createActor(timersMachine).start()
    const perSecond = await ratePerSecond(timers, () => {
      for (let timer = 0; timer < timers; timer++) actor.send({ type: "set", delay: 5000 + (timer & 1023) })
    })
    const { handled } = actor.getSnapshot().context
    check("timers", timers, handled)
    actor.stop()
    return perSecond
  },
  "timer-fire": async ({ timers }) => {
    const { done, fire } = signal()
    const actor = createActor(alarmsMachine, { input: { expected: timers, done: fire } }).start()
    const perSecond = await ratePerSecond(timers, () => {
      for (let timer = 0; timer < timers; timer++) actor.send({ type: "set", delay: 1 + (timer % 10) })
      return done
    })
    check("timers that fired", timers, actor.getSnapshot().context.fired)
    actor.stop()
    return perSecond
  }
} satisfies PeerPrograms
