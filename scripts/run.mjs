// `node scripts/run.mjs <task> ...arguments`: sets the workspace up if needed, then runs the task under the project's
// own Node.js 26. Every npm script goes through here, so each works as the first command in a fresh clone.

import { spawn } from "node:child_process"
import { constants } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { nodeBinary, root, setup } from "./setup.mjs"

/** Run the packages' TypeScript sources, without a build. */
const source = "--conditions=@understudy/source"

const script = (name) => join(root, "scripts", name)
const vitest = join(root, "node_modules", "vitest", "vitest.mjs")
const biome = join(root, "node_modules", "@biomejs", "biome", "bin", "biome")

/** Arguments for Node.js, by task; what follows the task's name on the command line is appended. */
const tasks = {
  start: [source, join(root, "examples", "chat", "src", "main.ts")],
  test: [vitest, "run"],
  "test:busy": [script("busy.mjs")],
  build: [script("build.mjs")],
  check: [script("check.mjs")],
  format: [biome, "check", "--write"],
  graph: [script("graph.mjs")],
  surface: [script("surface.mjs")],
  bench: [source, "--expose-gc", join(root, "benchmarks", "src", "main.ts")],
  conformance: [source, join(root, "test", "conformance", "report.ts")],
  soak: [script("soak.mjs")],
  bugs: [source, join(root, "examples", "bugs", "main.ts")],
  mutants: [script("mutants.mjs")],
  ci: [script("ci.mjs")]
}

// Simulations have a bench of their own: `npm run bench -- simulation`
const named = { "bench simulation": [source, "--expose-gc", join(root, "benchmarks", "src", "simulation.ts")] }

const [name, ...given] = process.argv.slice(2)
const own = named[`${name} ${given[0]}`]
const args = own === undefined ? given : given.slice(1)
if (name === undefined || !Object.hasOwn(tasks, name)) {
  console.error(`Usage: node scripts/run.mjs <${Object.keys(tasks).join(" | ")}> [arguments]`)
  process.exit(2)
}

const setupCode = await setup()
if (setupCode !== 0) process.exit(setupCode)

const node = nodeBinary()
const child = spawn(node, [...(own ?? tasks[name]), ...args], {
  cwd: root,
  stdio: "inherit",
  // Whatever the task starts by the name "node" is the same Node.js.
  env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ""}` }
})

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    // A terminal's Ctrl-C already goes to the whole foreground group; a second one would look like impatience.
    if (signal === "SIGINT" && process.stdin.isTTY) return
    child.kill(signal)
  })
}

// npm passes a signal on to the shell it started this script with, and no further. That shell's death is then the signal.
if (process.env.npm_lifecycle_event !== undefined) {
  const shell = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === shell) return
    clearInterval(watch)
    child.kill("SIGTERM")
  }, 100)
}

child.once("error", (error) => {
  console.error(`${node} could not be started: ${error.message}`)
  process.exit(1)
})
child.once("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)))
