/**
 * The main thread's care for the other schedulers: it boots a worker for each slot from the program's entry file,
 * connects it to the others, notices its death, tells the others, and refills the slot with a new incarnation.
 */
import { type MessagePort, Worker } from "node:worker_threads"
import { mainIncarnation, PidImpl } from "../../address/Pid.ts"
import { formatTime } from "../../base/FormatNumber.ts"
import { showGiven } from "../../base/Inspect.ts"
import type { Mesh, PeerEnd } from "../mesh/Mesh.ts"
import type { SharedTable } from "../transport/SharedTable.ts"
import { differenceOf, type Fingerprints } from "./Builds.ts"
import { type Crew, makePair } from "./Crew.ts"
import { stopPatience } from "./Drain.ts"
import type { Tuning } from "./Launch.ts"
import { Watchdog } from "./Watchdog.ts"

/** What a worker is told about its place in the system. */
export interface Seat {
  readonly slot: number
  readonly incarnation: number
  readonly table: SharedArrayBuffer
  readonly tuning: Tuning
  readonly peers: ReadonlyArray<PeerEnd>
}

/** What the main thread tells a worker. */
export type Order =
  | { readonly kind: "connect"; readonly end: PeerEnd }
  | { readonly kind: "disconnect"; readonly slot: number; readonly incarnation: number }
  | { readonly kind: "drain" }
  | { readonly kind: "stop" }

/** What a worker tells the main thread. */
export type Notice =
  /** Its entry has called `System.main` or built `System.layer`. */
  | { readonly kind: "joining" }
  | { readonly kind: "ready"; readonly fingerprints: Fingerprints }
  | { readonly kind: "failed"; readonly problem: string }
  /** Its processes have ended and its thread is about to. */
  | { readonly kind: "stopped" }
  | { readonly kind: "kill"; readonly slot: number }
  | { readonly kind: "drain"; readonly slot: number }

/** What the workers of one system have in common. */
export interface WorkersOptions {
  readonly entry: URL
  readonly schedulers: number
  readonly table: SharedTable
  readonly mesh: Mesh
  readonly tuning: Tuning
  /** Of the contracts that the main thread knows. */
  readonly fingerprints: Fingerprints
  /** The names of the program's definitions, in order. */
  readonly definitions: ReadonlyArray<string>
  /**
   * A worker whose event loop has not turned for so long is reported, and ended after twice as long. Milliseconds; Infinity
   * switches that off.
   */
  readonly watchdog: number
  /** How long a worker may take until it is ready, before it is ended. Milliseconds; Infinity switches that off. */
  readonly bootTimeout: number
  readonly log: (text: string) => void
}

interface Running {
  readonly worker: Worker
  readonly slot: number
  readonly incarnation: number
  /** The other ends of its channels, handed out when it is ready. */
  readonly ends: ReadonlyArray<{ readonly for: number; readonly incarnation: number; readonly end: PeerEnd }>
  /** Whether its entry has got as far as joining the system. */
  joined: boolean
  ready: boolean
  /** How long it has been booting: the time that was watched. */
  readonly boot: Watchdog
  readonly watchdog: Watchdog
  /** Whether its thread was told to end, which takes it a while. */
  ending: boolean
  /** Why it is going to end, as far as that is known. */
  problem: string | undefined
  /** What its thread threw, if that ends it. */
  thrown: string | undefined
}

/** What a scheduler's entry has to do. */
const entryAdvice =
  "The entry is run by each scheduler: it must load, and call System.main or build System.layer, with the same program"
/** The exit code of a thread whose module awaits, at its top level, a promise that never settles. */
const unsettled = 13
/** So much of an entry's URL is shown. */
const longestHref = 200
/** A slot whose worker dies before it is ready is refilled later and later, up to this pause: milliseconds. */
const longestPause = 5000
/** How long a worker may take to stop by itself before it is terminated: its processes' time, and that for its services. */
const stopGrace = stopPatience + 2000

/** How often heartbeats are looked at, in milliseconds. */
export const watchPeriod = (limit: number): number => Math.min(1000, Math.max(50, limit / 8))

/** See the file's header. */
export class Workers implements Crew {
  private readonly options: WorkersOptions
  private readonly running: Array<Running | undefined> = []
  private readonly failures: Array<number> = []
  private readonly refills = new Set<NodeJS.Timeout>()
  private readonly watch: NodeJS.Timeout | undefined
  /** How often {@link watch} looks, in milliseconds. */
  private readonly period: number
  private stopping = false
  private booting: { reject: (error: Error) => void } | undefined

  constructor(options: WorkersOptions) {
    this.options = options
    const shortest = Math.min(options.watchdog, options.bootTimeout)
    this.period = watchPeriod(shortest)
    if (Number.isFinite(shortest)) {
      this.watch = setInterval(() => this.look(), this.period)
      this.watch.unref()
    }
  }

  /** Boots all workers. Rejects when one of them fails to start or is of another build. */
  async start(): Promise<void> {
    const slots = Array.from({ length: this.options.schedulers - 1 }, (_, index) => index + 1)
    try {
      await new Promise<void>((resolve, reject) => {
        this.booting = { reject }
        Promise.all(slots.map((slot) => new Promise<void>((ready) => this.boot(slot, ready)))).then(
          () => resolve(),
          reject
        )
      })
    } finally {
      this.booting = undefined
    }
  }

  // --- boot --------------------------------------------------------------------------------------------------------

  private boot(slot: number, onReady: () => void): void {
    const { entry, table, tuning } = this.options
    const incarnation = table.nextIncarnation(slot)
    table.setState(slot, "starting")
    const peers: Array<PeerEnd> = []
    const ends: Array<Running["ends"][number]> = []
    const ports: Array<MessagePort> = []
    const others = [{ slot: 0, incarnation: mainIncarnation }, ...this.running.filter((one) => one !== undefined)]
    for (const other of others) {
      const { theirs, ours } = makePair({ slot, incarnation }, other)
      peers.push(theirs)
      ports.push(theirs.port)
      ends.push({ for: other.slot, incarnation: other.incarnation, end: ours })
    }
    const seat: Seat = { slot, incarnation, table: table.buffer, tuning, peers }
    const worker = new Worker(entry, {
      workerData: { [seatKey]: seat },
      transferList: ports,
      name: `scheduler ${slot}`
    })
    const watchdog = new Watchdog(this.options.watchdog, this.period)
    const boot = new Watchdog(this.options.bootTimeout, this.period)
    const running: Running = {
      worker,
      slot,
      incarnation,
      ends,
      joined: false,
      ready: false,
      boot,
      watchdog,
      ending: false,
      problem: undefined,
      thrown: undefined
    }
    this.running[slot] = running
    worker.on("message", (notice: Notice) => this.receive(running, notice, onReady))
    worker.on("error", (error: unknown) => {
      running.thrown = error instanceof Error ? (error.stack ?? error.message) : showGiven(error)
    })
    worker.on("exit", (code) => this.exited(running, code))
  }

  private receive(running: Running, notice: Notice, onReady: () => void): void {
    const { slot } = running
    switch (notice.kind) {
      case "joining":
        running.joined = true
        return
      case "kill":
        return this.kill(notice.slot)
      case "drain":
        return this.drain(notice.slot)
      case "stopped":
        running.problem = "emptied in order"
        return
      case "failed":
        running.problem = `could not start: ${notice.problem}`
        return this.failed(running)
      case "ready": {
        const difference = differenceOf(this.options.fingerprints, notice.fingerprints, `scheduler ${slot}`)
        if (difference !== undefined) {
          const advice = "All schedulers must be of one build, and be given the same implementations"
          this.terminate(running, `runs other contracts than the main thread: ${difference}. ${advice}`)
          return this.failed(running)
        }
        // Too late
        if (running.ending) return
        running.ready = true
        this.options.table.setState(slot, "up")
        this.introduce(running)
        this.options.mesh.report({ _tag: "SchedulerUp", slot, incarnation: running.incarnation })
        onReady()
      }
    }
  }

  /** One that has a problem will not be ready. At the first boot that ends the start; later its exit tells the problem. */
  private failed({ problem, slot }: Running): void {
    this.booting?.reject(new Error(`scheduler ${slot} ${problem}`))
  }

  /** Gives the others their ends of the new worker's channels. */
  private introduce(running: Running): void {
    for (const { end, for: slot, incarnation } of running.ends) {
      if (slot === 0) this.options.mesh.connect(end)
      else {
        const other = this.running[slot]
        if (other?.incarnation === incarnation) this.order(other, { kind: "connect", end }, [end.port])
      }
    }
  }

  private order(running: Running, order: Order, transfer: Array<MessagePort> = []): void {
    running.worker.postMessage(order, transfer)
  }

  // --- death -------------------------------------------------------------------------------------------------------

  private exited(running: Running, code: number): void {
    const { incarnation, slot } = running
    if (this.running[slot] !== running) return
    this.running[slot] = undefined
    const { mesh, table } = this.options
    table.setState(slot, "down")
    // The thread is gone, so what it had published is all there will ever be: the others drain, then mourn
    mesh.disconnect(slot, incarnation)
    for (const other of this.running) {
      if (other !== undefined) this.order(other, { kind: "disconnect", slot, incarnation })
    }
    if (this.stopping) return
    const problem = running.problem ?? this.endOf(running, code)
    if (this.booting !== undefined) return this.booting.reject(new Error(`scheduler ${slot} ${problem}`))
    const failures = running.ready ? 0 : (this.failures[slot] ?? 0) + 1
    this.failures[slot] = failures
    mesh.report({ _tag: "SchedulerDown", slot, incarnation, problem })
    const pause = failures === 0 ? 0 : Math.min(longestPause, 100 * 2 ** failures)
    const timer = setTimeout(() => {
      this.refills.delete(timer)
      if (this.stopping) return
      table.addRestart(slot)
      this.boot(slot, () => undefined)
    }, pause)
    this.refills.add(timer)
  }

  /** What is known of an end that this thread has not caused. */
  private endOf({ joined, ready, thrown }: Running, code: number): string {
    if (ready) return thrown === undefined ? `ended with code ${code}` : `crashed: ${thrown}`
    const end = `ended with code ${code} before it was ready`
    if (thrown !== undefined) return `${end}: ${thrown}`
    if (joined) return end
    const waits = code === unsettled ? " and waits for something that nothing can bring about any more" : ""
    return `${end}: its entry ${this.entryName} has not called System.main${waits}. ${entryAdvice}`
  }

  /** The entry, as errors name it: a `data:` URL holds the whole program. */
  private get entryName(): string {
    const { href } = this.options.entry
    return href.length > longestHref ? `${href.slice(0, longestHref)}…` : href
  }

  /** Ends a worker's thread at once, as a crash would. Slot 0 is the main thread, which only ends with the program. */
  kill(slot: number): void {
    const running = this.running[slot]
    if (running !== undefined) this.terminate(running, "killed")
  }

  private terminate(running: Running, why: string): void {
    running.problem = why
    running.ending = true
    void running.worker.terminate()
  }

  drain(slot: number): void {
    const running = this.running[slot]
    if (running?.ready !== true) return
    this.options.table.setState(slot, "stopping")
    this.order(running, { kind: "drain" })
  }

  private look(): void {
    const now = performance.now()
    for (const running of this.running) {
      // What ends turns no more, and was told
      if (running === undefined || running.ending) continue
      if (running.ready) this.lookAtHeartbeat(running, now)
      else this.lookAtBoot(running, now)
    }
  }

  private lookAtHeartbeat(running: Running, now: number): void {
    const verdict = running.watchdog.look(this.options.table.heartbeat(running.slot), now)
    if (verdict === "blocked" || verdict === "over") this.blocked(running, verdict === "over")
  }

  /** Ends one that does not become ready: starts that wait for its slot would wait for good, and the first boot too. */
  private lookAtBoot(running: Running, now: number): void {
    // What it shows of its heartbeat before it is ready does not count: its layer may still wait
    const verdict = running.boot.look(0, now)
    if (verdict === "turning" || verdict === "held") return
    const why = running.joined
      ? "the program's layer holds it up. If that only needs more time, raise the option bootTimeout"
      : `its entry ${this.entryName} has not called System.main. ${entryAdvice}`
    this.terminate(running, `was not ready within ${formatTime(this.options.bootTimeout)}: ${why}`)
    this.failed(running)
  }

  /** Reports the process that holds a scheduler, and ends the scheduler when that takes too long. */
  private blocked(running: Running, ended: boolean): void {
    const { incarnation, slot, watchdog } = running
    const { definitions, mesh, table } = this.options
    const { kind, serial } = table.running(slot)
    const pid = serial === 0 ? undefined : new PidImpl(slot, incarnation, serial, undefined)
    const contract = pid === undefined ? undefined : definitions[kind - 1]
    mesh.report({ _tag: "SchedulerBlocked", slot, incarnation, pid, contract, milliseconds: watchdog.held, ended })
    if (ended) this.terminate(running, "its watchdog ended it")
  }

  // --- stop --------------------------------------------------------------------------------------------------------

  /** Asks all workers to stop and waits until they have. One that cannot answer is terminated. */
  async stop(): Promise<void> {
    this.stopping = true
    clearInterval(this.watch)
    for (const timer of this.refills) clearTimeout(timer)
    await Promise.all(this.running.filter((one) => one !== undefined).map((one) => this.stopOne(one)))
  }

  private stopOne(running: Running): Promise<void> {
    return new Promise((resolve) => {
      const force = setTimeout(() => {
        this.options.log(`scheduler ${running.slot} has not stopped within ${formatTime(stopGrace)}, and is terminated`)
        this.terminate(running, "it did not stop")
      }, stopGrace)
      running.worker.once("exit", () => {
        clearTimeout(force)
        resolve()
      })
      this.options.table.setState(running.slot, "stopping")
      this.order(running, { kind: "stop" })
    })
  }
}

/** Where a seat stands in a worker's `workerData`. */
export const seatKey = "understudy/seat"
