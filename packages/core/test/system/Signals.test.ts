/** What SIGINT and SIGTERM do to a program that `System.main` runs. */

import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { describe, expect, it, onTestFinished } from "vitest"
import { EndRequests, sameRequest } from "../../src/system/threads/EndRequests.ts"

const program = fileURLToPath(new URL("./signalsProgram.ts", import.meta.url))

type Mode = "stops" | "lingers" | "boots" | "begins" | "hurries"

/** A program, and what it has said that nobody has heard. */
class Running {
  readonly child: ChildProcess
  readonly said: Array<string> = []
  private readonly ended: Promise<ReadonlyArray<unknown>>
  private readonly lines: AsyncIterator<string>

  constructor(mode: Mode, schedulers: number) {
    const args = [...process.execArgv, "--conditions=@understudy/source", program, mode, String(schedulers)]
    this.child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] })
    this.ended = once(this.child, "exit")
    this.lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]()
  }

  /** Waits until it says something that begins so. */
  async hears(start: string): Promise<string> {
    for (;;) {
      const { done, value } = await this.lines.next()
      if (done === true) throw new Error(`it ended, and has not said "${start}", but ${JSON.stringify(this.said)}`)
      this.said.push(value)
      if (value.startsWith(start)) return value
    }
  }

  /** Waits until it has ended; gives its exit code, and all that it has said. */
  async end(): Promise<{ readonly code: unknown; readonly said: ReadonlyArray<string> }> {
    for (let next = await this.lines.next(); next.done !== true; next = await this.lines.next())
      this.said.push(next.value)
    const [code] = await this.ended
    return { code, said: this.said }
  }

  tell(word: string): void {
    this.child.stdin?.write(`${word}\n`)
  }
}

/** Starts a program, which does not outlive the test. */
const run = (mode: Mode, schedulers: number): Running => {
  const started = new Running(mode, schedulers)
  onTestFinished(() => void started.child.kill("SIGKILL"))
  return started
}

const signals = ["SIGTERM", "SIGINT"] as const
type Signal = (typeof signals)[number]

/** A program that has had these two signals within a second, and is still ending in order. */
const signalledTwice = async (first: Signal, second: Signal, schedulers: number): Promise<Running> => {
  for (;;) {
    const program = run("lingers", schedulers)
    await program.hears("up")
    const start = performance.now()
    program.child.kill(first)
    await program.hears(`heard ${first} after 0 ms`)
    await program.hears("stopping: shutdown")
    program.child.kill(second)
    const heard = await program.hears(`heard ${second}`).catch(() => undefined)
    // It does what it did, and waits
    if (heard !== undefined) program.tell("ping")
    if (heard !== undefined && (await program.hears("pong").catch(() => undefined)) !== undefined) return program
    // A second has gone by, on a busy machine: that was a later one. Nothing else is to end it
    await program.end()
    expect(performance.now() - start).toBeGreaterThanOrEqual(sameRequest)
  }
}

describe("a program that runs in System.main", { timeout: 60_000 }, () => {
  for (const signal of signals) {
    for (const schedulers of [1, 2]) {
      it(`S62 ends in order on ${signal} and exits with code 0 (schedulers: ${schedulers})`, async () => {
        const program = run("stops", schedulers)
        await program.hears("up")
        program.child.kill(signal)
        const { code, said } = await program.end()
        expect(said).toEqual(expect.arrayContaining(["stopping: shutdown", "stopped"]))
        expect(code).toBe(0)
      })
    }

    it(`S62 ends on ${signal} while it boots, with code 0`, async () => {
      const program = run("boots", 1)
      await program.hears("up")
      program.child.kill(signal)
      expect((await program.end()).code).toBe(0)
    })

    it(`S62 ends in order on ${signal} while its root initialises, which comes to its end first`, async () => {
      const program = run("begins", 1)
      await program.hears("up")
      program.child.kill(signal)
      await program.hears(`heard ${signal}`)
      program.tell("finish")
      const { code, said } = await program.end()
      expect(said).toEqual(expect.arrayContaining(["stopping: shutdown", "stopped"]))
      expect(code).toBe(0)
    })

    it(`S62 kills a root on ${signal} that takes longer to initialise than its shutdown time`, async () => {
      const program = run("hurries", 1)
      await program.hears("up")
      program.child.kill(signal)
      const { code, said } = await program.end()
      expect(said.filter((line) => line.startsWith("stop"))).toEqual([])
      expect(code).toBe(0)
    })

    for (const second of signals) {
      const schedulers = signal === second ? 1 : 2

      it(`S62 goes on ending in order on ${second} within a second of ${signal} (schedulers: ${schedulers})`, async () => {
        const program = await signalledTwice(signal, second, schedulers)
        program.tell("finish")
        const { code, said } = await program.end()
        expect(said).toContain("stopped")
        expect(code).toBe(0)
      })

      it(`S62 ends at once on ${second} a second after ${signal} (schedulers: ${schedulers})`, async () => {
        const program = await signalledTwice(signal, second, schedulers)
        if (!program.said.includes("a second is over")) await program.hears("a second is over")
        program.child.kill(second)
        const { code, said } = await program.end()
        expect(said).not.toContain("stopped")
        expect(code).toBe(130)
      })
    }
  }
})

describe("EndRequests", () => {
  const play = (...times: ReadonlyArray<number>) => {
    const done: Array<string> = []
    let time = 0
    const requests = new EndRequests({
      now: () => time,
      end: () => void done.push(`end at ${time}`),
      abort: () => void done.push(`abort at ${time}`)
    })
    expect(requests.asked).toBe(false)
    for (time of times) requests.ask()
    expect(requests.asked).toBe(true)
    return done
  }

  it("S62 a request within a second of the first is the same one, and a later one aborts", () => {
    expect(play(0)).toEqual(["end at 0"])
    expect(play(5, 5, 6, 1004.9)).toEqual(["end at 5"])
    expect(play(5, 1005)).toEqual(["end at 5", "abort at 1005"])
    // It is measured from the first: many do not put the end off
    expect(play(0, 900, 999, 1800)).toEqual(["end at 0", "abort at 1800"])
  })
})
