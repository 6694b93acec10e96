// What .ci/run does once the machine is ready: the checks, the test runs, a sample of mutants, and the tests' sum as the very last line.

import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { nodeBinary, root } from "./setup.mjs"
import { run, steps } from "./steps.mjs"

const folder = mkdtempSync(join(tmpdir(), "understudy-ci-"))
const sum = { passed: 0, failed: 0 }
/** What failed, with its messages: printed at the end, where somebody who has only the last lines finds it. */
const failures = []

/** Runs vitest on one of the project's Node.js versions and adds what its JSON report counts to the sum. */
const tests = (node, args) => async () => {
  const file = join(folder, `${node}.json`)
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs")
  const succeeded = await run(nodeBinary(node), [
    vitest,
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${file}`,
    ...args
  ])
  let report
  try {
    report = JSON.parse(readFileSync(file, "utf8"))
  } catch (error) {
    console.error(`The run left no report: ${error.message}`)
    sum.failed += 1
    return false
  }
  const sound = succeeded && report.numPassedTests > 0
  if (report.numPassedTests === 0) console.error("No test passed, which no sound run can say.")
  sum.passed += report.numPassedTests
  const failed = report.testResults.flatMap((file) => {
    const name = relative(root, file.name)
    const tests = file.assertionResults.filter((test) => test.status === "failed")
    if (tests.length > 0) return tests.map((test) => `${name} > ${test.fullName}\n${test.failureMessages.join("\n")}`)
    return file.status === "failed" ? [`${name}\n${file.message}`] : []
  })
  failures.push(...failed)
  // A run can fail without a failed test: a file that does not load, an error between tests. Each such counts as one.
  sum.failed += sound ? 0 : Math.max(failed.length, 1)
  return sound
}

/** Ten edits that tests must see, others each time; the seed that it prints repeats them. A failure counts as one failed test. */
const mutants = async () => {
  const seen = await run(process.execPath, [join(root, "scripts", "mutants.mjs"), "--sample", "10"])
  if (seen) return true
  sum.failed += 1
  failures.push("A mutant survived or could not be judged: see the step for its name and the sample's seed.")
  return false
}

try {
  await steps([
    ["Checks", () => run(process.execPath, [join(root, "scripts", "check.mjs")])],
    ["Tests on Node.js 26", tests("node", [])],
    ["The packages' tests on Node.js 24", tests("node24", ["packages/", "--typecheck.enabled=false"])],
    ["Ten mutants", mutants]
  ])
} finally {
  rmSync(folder, { recursive: true, force: true })
}
for (const failure of failures) console.error(`\n${failure}`)
// The summary's readers take the last line: nothing may be printed after it.
process.stderr.write("", () => process.stdout.write(`${sum.passed} passed, ${sum.failed} failed\n`))
