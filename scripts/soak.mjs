// What takes minutes, and so is not part of the tests: rings under load, their model, a hundred systems started and stopped,
// and what an idle system costs. Ends by itself, and says at the end what it found.

import { spawn } from "node:child_process"
import { join } from "node:path"
import { root } from "./setup.mjs"
import { steps } from "./steps.mjs"

const core = join("packages", "core", "test", "system")
const vitest = join(root, "node_modules", "vitest", "vitest.mjs")
const { CHANNEL_LOAD_SECONDS = "180", CYCLES = "100" } = process.env
const found = []

/** What runs now: it ends with this. */
let running
process.once("SIGTERM", () => {
  running?.kill()
  process.exit(143)
})

/** Runs Node.js with its output shown, and resolves to that output; `undefined` when it failed. */
const node = (args, env = {}) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"]
    })
    running = child
    let output = ""
    child.stdout.on("data", (chunk) => {
      output += chunk
      process.stdout.write(chunk)
    })
    child.once("close", (code) => resolve(code === 0 ? output : undefined))
  })

/** The tests of a file, and the line in which they say what they saw. */
const tests = (title, file, env, pattern, filter) => [
  title,
  async () => {
    const filtered = filter === undefined ? [] : ["-t", filter]
    const args = [vitest, "run", join(core, file), "--typecheck.enabled=false", "--disable-console-intercept"]
    const output = await node([...args, ...filtered], env)
    const told = output === undefined ? "FAILED, see above" : (pattern.exec(output)?.[0] ?? "passed")
    found.push(`${title}: ${told}`)
    return output !== undefined
  }
]

const idle = async () => {
  const output = await node(["--conditions=@understudy/source", join(core, "idleProgram.ts"), "20"])
  const result = output === undefined ? undefined : JSON.parse(output)
  const told = result && `${result.percentOfACore} % of a core (${result.cpuMilliseconds} ms in ${result.seconds} s)`
  found.push(`An idle system of 2 schedulers: ${told ?? "FAILED, see above"}`)
  return result !== undefined && result.percentOfACore < 1
}

const leaves = "leaves memory, handles and threads"
await steps([
  ["An idle system uses under 1 % of a core", idle],
  tests("Channels under load", "ChannelLoad.test.ts", { CHANNEL_LOAD_SECONDS }, /channel load: .*/),
  tests(
    "All interleavings of a channel's model",
    "ChannelModel.test.ts",
    { CHANNEL_MODEL: "more" },
    /channel model: .*/
  ),
  tests("Systems started and stopped", "Stopping.test.ts", { CYCLES }, /\d+ systems of 4 schedulers.*/, leaves)
])
console.log(`\n${found.join("\n")}`)
