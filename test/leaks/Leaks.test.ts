/**
 * Nothing is kept: of whatever a program does again and again, no structure of the runtime holds anything once it is over. Measured in OS
 * processes of their own, as bytes that each operation leaves behind when all that can be collected is; on one scheduler, and on three:
 * then what is done goes to another scheduler and back, and there is one that only hears of it. See `cases.ts` for what would be kept.
 */
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { beforeAll, describe, expect, it } from "vitest"
import { casesOn } from "./cases.ts"
import { usualTolerance } from "./measure.ts"

const program = fileURLToPath(new URL("./leakProgram.ts", import.meta.url))
const flags = ["--expose-gc", "--conditions=@understudy/source"]

/** Far more than it takes, also beside others that are busy. */
const limit = 15 * 60_000

/** Measures one case only, by its name: `LEAKS="a call that is answered" npm test -- test/leaks`. */
const only = process.env.LEAKS

interface Measured {
  readonly name: string
  readonly bytes?: number
  readonly error?: string
}

/** Runs the program to its end, and gives what it has measured by then. */
const measure = (schedulers: number) =>
  new Promise<ReadonlyMap<string, Measured>>((resolve, reject) => {
    execFile(
      process.execPath,
      [...flags, program, String(schedulers), ...(only === undefined ? [] : [only])],
      { timeout: limit },
      (error, stdout, stderr) => {
        const lines = stdout.split("\n").filter((line) => line.startsWith("{"))
        const measured = lines.map((line): Measured => JSON.parse(line))
        if (error !== null) {
          const last = measured.at(-1)?.name ?? "nothing"
          reject(new Error(`it ended after "${last}": ${stderr}`, { cause: error }))
        } else resolve(new Map(measured.map((one) => [one.name, one])))
      }
    )
  })

// Side by side: each is one thread
const measurements = new Map([1, 3].map((schedulers) => [schedulers, measure(schedulers)]))

describe.each([...measurements.keys()])("what is kept by %i scheduler(s)", (schedulers) => {
  let measured: ReadonlyMap<string, Measured>
  beforeAll(async () => {
    measured = (await measurements.get(schedulers)) ?? new Map()
  }, limit)

  const chosen = casesOn(schedulers).filter(({ name }) => only === undefined || name === only)

  it.each(chosen)("S56 of $name: nothing", ({ keeps, name, tolerance = usualTolerance }) => {
    const result = measured.get(name)
    expect(result).toMatchObject({ name, bytes: expect.any(Number) })
    expect(result?.bytes, `bytes of each: ${keeps}`).toBeLessThanOrEqual(tolerance)
  })
})
