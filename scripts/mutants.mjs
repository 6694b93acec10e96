// `npm run mutants`: breaks one promise of the runtime at a time, in a copy of the sources, and demands that a test of that promise
// goes red. The edits are the entries of test/mutants. Exits with 1 on a survivor, a snippet that is gone, or an edit that breaks
// more than a promise (its test files no longer load).
//
//   --list           prints the entries and runs nothing
//   --only NAME      runs one entry; may be given several times
//   --area L         runs the entries whose promise's id has this prefix ("L" is L01, not LO01)
//   --sample 10      runs that many, chosen at random; --seed N chooses the same ones again
//   --jobs N         runs N at a time, 2 by default
//   --limit N        seconds that the tests of one entry may take before they count as hanging, 60 by default

import { spawn } from "node:child_process"
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join, relative, sep } from "node:path"
import { pathToFileURL } from "node:url"
import { parseArgs } from "node:util"
import { root } from "./setup.mjs"

/** What stays out of a copy: it is linked, or nothing reads it. */
const notCopied = new Set(["node_modules", ".git", "dist", ".cache", "coverage"])

/** Parts of node_modules that a run writes to: a copy has its own. */
const written = new Set([".cache", ".vite", ".vite-temp"])

/** A single test's limit: shorter than in `npm test`, because a mutant that stops an answer makes a test wait for all of it. */
const testTimeout = 5000

const refuse = (message) => {
  console.error(message)
  process.exit(2)
}

const wholeNumber = (name, text, from) => {
  const number = Number(text)
  return Number.isInteger(number) && number >= from
    ? number
    : refuse(`--${name}: expected a whole number from ${from} on, got ${text}`)
}

const options = () => {
  try {
    return parseArgs({
      options: {
        list: { type: "boolean", default: false },
        only: { type: "string", multiple: true },
        area: { type: "string" },
        sample: { type: "string" },
        seed: { type: "string" },
        jobs: { type: "string", default: "2" },
        limit: { type: "string", default: "60" }
      }
    }).values
  } catch (error) {
    return refuse(error.message)
  }
}

const areaOf = ({ promise }) => /^[A-Z]+/.exec(promise)[0]

/** A generator of numbers in [0, 1) that a seed repeats (mulberry32). */
const randomFrom = (seed) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const sampleOf = (list, count, seed) => {
  const random = randomFrom(seed)
  const rest = [...list]
  const chosen = []
  while (chosen.length < count && rest.length > 0) chosen.push(...rest.splice(Math.floor(random() * rest.length), 1))
  return chosen
}

/** Which entries to run, by the options. Refuses those that choose nothing. */
const choose = (all, { only, area, sample, seed }) => {
  let chosen = all
  if (only !== undefined) {
    const unknown = only.filter((name) => !all.some((mutant) => mutant.name === name))
    if (unknown.length > 0) refuse(`--only: no mutant is named ${unknown.join(", ")}; --list shows their names`)
    chosen = chosen.filter(({ name }) => only.includes(name))
  }
  if (area !== undefined) {
    chosen = chosen.filter((mutant) => areaOf(mutant) === area)
    if (chosen.length === 0)
      refuse(`--area: no mutant of ${area}; there are ${[...new Set(all.map(areaOf))].join(", ")}`)
  }
  if (seed !== undefined && sample === undefined) refuse("--seed: only a sample has one; add --sample 10")
  if (sample === undefined) return chosen
  const size = wholeNumber("sample", sample, 1)
  const number = seed === undefined ? Math.floor(Math.random() * 2 ** 32) : wholeNumber("seed", seed, 0)
  console.log(
    `${size} of ${chosen.length} mutants; the same ones again: npm run mutants -- --sample ${size} --seed ${number}`
  )
  return sampleOf(chosen, size, number)
}

/** Where links into the checkout lead. */
const realRoot = realpathSync(root)

/** Links what a node_modules folder has; what links to the workspace's own packages links to those of the copy instead. */
const linkModules = (from, to, copy) => {
  mkdirSync(to, { recursive: true })
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (written.has(entry.name)) continue
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory() && entry.name.startsWith("@")) {
      linkModules(source, target, copy)
      continue
    }
    const real = realpathSync(source)
    const path = relative(realRoot, real)
    const own = !path.startsWith("..") && !path.split(sep).includes("node_modules")
    symlinkSync(own ? join(copy, path) : real, target, entry.isFile() ? "file" : "junction")
  }
}

/** The folders of the checkout that have a node_modules. */
const withModules = [
  ".",
  "benchmarks",
  ...["packages", "examples"].flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(folder, name)))
]

/** A copy of the checkout that runs its own sources and shares the installed dependencies. */
const makeCopy = (copy) => {
  cpSync(root, copy, {
    recursive: true,
    filter: (path) =>
      path === root ||
      !relative(root, path)
        .split(sep)
        .some((part) => notCopied.has(part))
  })
  for (const folder of withModules) {
    const modules = join(root, folder, "node_modules")
    try {
      readdirSync(modules)
    } catch {
      continue
    }
    linkModules(modules, join(copy, folder, "node_modules"), copy)
  }
}

const running = new Set()

/** Ends a run and all that it started: the workers of a run that hangs would otherwise outlive it. */
const kill = (child) => {
  if (process.platform === "win32") child.kill("SIGKILL")
  else {
    try {
      process.kill(-child.pid, "SIGKILL")
    } catch {
      // It has ended by itself
    }
  }
}

/**
 * Runs tests in a copy. Resolves to the names of failed tests, to what did not load, to how many passed, and to whether
 * the limit was reached.
 */
const runTests = (copy, { tests, title, env }, { limit, extra }) =>
  new Promise((resolve) => {
    const report = join(copy, "mutant.json")
    rmSync(report, { force: true })
    const child = spawn(
      process.execPath,
      [
        join(copy, "node_modules", "vitest", "vitest.mjs"),
        "run",
        ...tests,
        "--typecheck.enabled=false",
        "--reporter=json",
        `--outputFile.json=${report}`,
        `--testTimeout=${testTimeout}`,
        ...extra,
        ...(title === undefined ? [] : ["-t", title])
      ],
      {
        cwd: copy,
        env: { ...process.env, ...env },
        stdio: ["ignore", "pipe", "pipe"],
        detached: process.platform !== "win32"
      }
    )
    running.add(child)
    let output = ""
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk))
    let hung = false
    const timer = setTimeout(() => {
      hung = true
      kill(child)
    }, limit * 1000)
    child.once("close", (code) => {
      clearTimeout(timer)
      running.delete(child)
      if (hung) return resolve({ hung, failed: [], broken: [], passed: 0 })
      let results
      try {
        results = JSON.parse(readFileSync(report, "utf8"))
      } catch (error) {
        return resolve({ hung, failed: [], broken: [`no report (${error.message}):\n${output}`], passed: 0 })
      }
      const failed = results.testResults.flatMap(({ name, assertionResults }) =>
        assertionResults
          .filter(({ status }) => status === "failed")
          .map(({ fullName, failureMessages }) => ({ file: relative(copy, name), fullName, failureMessages }))
      )
      const unloaded = results.testResults
        .filter(
          ({ status, assertionResults }) =>
            status === "failed" && !assertionResults.some((test) => test.status === "failed")
        )
        .map(({ name, message }) => `${relative(copy, name)}: ${message}`)
      // An error between tests fails the run and no test: vitest prints it
      const other = failed.length === 0 && unloaded.length === 0 && code !== 0 ? [output] : []
      resolve({ hung, failed, broken: [...unloaded, ...other], passed: results.numPassedTests })
    })
  })

const occurrences = (text, snippet) => text.split(snippet).length - 1

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`

/** Applies one edit, runs its tests, takes it back. Resolves to what to print and to whether the tests saw it. */
const tryMutant = async (copy, mutant, usualLimit) => {
  const since = performance.now()
  const { file, find, limit = usualLimit, replace, title } = mutant
  const path = join(copy, file)
  let source
  try {
    source = readFileSync(path, "utf8")
  } catch (error) {
    return { outcome: "error", told: `ERROR: ${file} cannot be read: ${error.message}` }
  }
  const count = occurrences(source, find)
  if (count !== 1)
    return { outcome: "error", told: `ERROR: its snippet must occur once in ${file}, and does ${count} times` }
  writeFileSync(
    path,
    source.replace(find, () => replace)
  )
  try {
    const { hung, failed, broken, passed } = await runTests(copy, mutant, { limit, extra: ["--bail=1"] })
    if (hung) return { outcome: "killed", told: `killed, by the limit of ${limit} s` }
    const [first] = failed
    if (first !== undefined) {
      return { outcome: "killed", told: `killed in ${seconds(since)}, by ${first.file} > ${first.fullName}` }
    }
    if (broken.length > 0)
      return { outcome: "error", told: `ERROR: no test failed, but the run did:\n${broken.join("\n")}` }
    if (passed === 0) return { outcome: "error", told: `ERROR: none of its tests is called ${title}` }
    return { outcome: "survived", told: `SURVIVED in ${seconds(since)}: ${passed} tests passed` }
  } finally {
    writeFileSync(path, source)
  }
}

/** Entries whose tests can be run together: those with a title, those without one, and those with the same environment. */
const groupsOf = (chosen) =>
  Object.values(Object.groupBy(chosen, ({ env, title }) => JSON.stringify([env, title === undefined])))

/**
 * Runs the tests of all chosen entries without an edit: a test that fails anyway shows nothing. Resolves to the entries whose tests
 * pass.
 */
const judgeable = async (copy, chosen, limit) => {
  const since = performance.now()
  const most = limit * 10
  const sound = new Set()
  let count = 0
  for (const group of groupsOf(chosen)) {
    const tests = [...new Set(group.flatMap(({ tests }) => tests))]
    const [{ env, title: first }] = group
    const title = first && [...new Set(group.map(({ title }) => `(?:${title})`))].join("|")
    // What fails on a busy machine only may be tried again
    const options = { limit: most, extra: ["--retry=2"] }
    const { hung, failed, broken, passed } = await runTests(copy, { tests, title, env }, options)
    count += passed
    if (hung) console.error(`Without an edit, the tests of ${tests.join(", ")} took more than ${most} s.`)
    for (const message of broken) console.error(`Without an edit: ${message}`)
    for (const { file, fullName, failureMessages } of failed) {
      console.error(`Without an edit: ${file} > ${fullName} fails:\n${failureMessages.join("\n")}`)
    }
    if (hung || broken.length > 0) continue
    const red = new Set(failed.map(({ file }) => file))
    for (const mutant of group) if (!mutant.tests.some((file) => red.has(file))) sound.add(mutant)
  }
  console.log(`without an edit: ${count} tests passed in ${seconds(since)}`)
  return sound
}

const given = options()
const jobs = wholeNumber("jobs", given.jobs, 1)
const limit = wholeNumber("limit", given.limit, 1)
const { mutants } = await import(pathToFileURL(join(root, "test", "mutants", "index.ts")).href)
const chosen = choose(mutants, given)

if (given.list) {
  for (const { name, promise, file, tests } of chosen) console.log(`${promise}\t${name}\t${file}\t${tests.join(" ")}`)
  console.log(`${chosen.length} mutants`)
  process.exit(0)
}

const folder = realpathSync(mkdtempSync(join(tmpdir(), "understudy-mutants-")))
const clean = () => {
  for (const child of running) kill(child)
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.once(signal, () => {
    clean()
    process.exit(1)
  })
}

const since = performance.now()
const results = []
try {
  const copies = Array.from({ length: Math.min(jobs, chosen.length) }, (_, index) => join(folder, `${index}`))
  for (const copy of copies) makeCopy(copy)
  const sound = await judgeable(copies[0], chosen, limit)
  const queue = [...chosen]
  const work = async (copy) => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const result = sound.has(mutant)
        ? await tryMutant(copy, mutant, limit)
        : { outcome: "error", told: "ERROR: its tests fail without an edit, see above" }
      results.push({ mutant, ...result })
      console.log(`${mutant.promise} ${mutant.name}: ${result.told}`)
    }
  }
  await Promise.all(copies.map(work))
  const count = (outcome) => results.filter((result) => result.outcome === outcome)
  const [survivors, errors] = [count("survived"), count("error")]
  for (const { mutant } of survivors) {
    console.error(
      `Survivor: ${mutant.name}, of ${mutant.promise}, in ${mutant.file}: no test of ${mutant.tests.join(", ")} sees it`
    )
  }
  for (const { mutant } of errors) console.error(`Error: ${mutant.name}; see above`)
  console.log(
    `${results.length} mutants in ${seconds(since)}: ${count("killed").length} killed, ${survivors.length} survived, ${errors.length} could not be judged`
  )
  if (survivors.length + errors.length > 0) process.exitCode = 1
} finally {
  clean()
}
