/** What the module that is loaded before Effect does to V8. */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"

const usesEffects = 'import * as Effect from "effect/Effect"; for (let n = 0; n < 1e5; n++) Effect.as(Effect.void, n)'

/** How many places V8 has given up to remember the name of a field of an effect at, in a program that makes many effects. */
const forgetful = (program: string): number => {
  const folder = mkdtempSync(join(tmpdir(), "understudy-preload-"))
  try {
    const log = join(folder, "log")
    const flags = ["--conditions=@understudy/source", "--log-ic", `--logfile=${log}`, "--no-logfile-per-isolate"]
    const options = { cwd: import.meta.dirname, encoding: "utf8" } as const
    const { status, stderr } = spawnSync(process.execPath, [...flags, "--input-type=module", "-e", program], options)
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
    const lines = readFileSync(log, "utf8").split("\n")
    // The state before, the state after (N: a hash table), the object's map, the name
    return lines.filter((line) => /^KeyedStoreIC,.*,1,N,[^,]*,~effect\/Effect\//.test(line)).length
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe("Preload", () => {
  it("lets V8 remember the names of the fields of effects, which it would look up each time", () => {
    expect(forgetful(`import "../../src/Preload.ts"; ${usesEffects}`)).toBe(0)
    // Otherwise it is no longer needed
    expect(forgetful(usesEffects)).toBeGreaterThan(0)
  })
})
