// `npm run test:busy`: the tests beside eight processes that keep every core busy, several times. What passes only on a quiet
// machine fails here. `-- --runs 1` runs them once; other arguments are vitest's.

import { spawn } from "node:child_process"
import { steps, tool } from "./steps.mjs"

const burners = 8

const args = process.argv.slice(2)
const at = args.indexOf("--runs")
const runs = at === -1 ? 3 : Number(args.splice(at, 2)[1])
if (!Number.isInteger(runs) || runs < 1) {
  console.error("--runs: expected a whole number from 1 on")
  process.exit(2)
}

// A burner ends with this process, also when that is killed: it notices that its input is closed
const burn = `
  process.stdin.resume().on("end", () => process.exit(0))
  const spin = () => { const until = Date.now() + 50; while (Date.now() < until); setImmediate(spin) }
  spin()
`
const burning = Array.from({ length: burners }, () =>
  spawn(process.execPath, ["-e", burn], { stdio: ["pipe", "ignore", "ignore"] })
)
try {
  const vitest = () => tool("vitest/vitest.mjs", ["run", ...args])
  await steps(
    Array.from({ length: runs }, (_, run) => [
      `Busy run ${run + 1} of ${runs}, beside ${burners} busy processes`,
      vitest
    ])
  )
} finally {
  for (const child of burning) child.kill()
}
