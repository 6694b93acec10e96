// Makes the workspace ready to run: installs the pinned pnpm's view of the lockfile, which also brings the project's own
// Node.js. Plain JavaScript without dependencies, because it runs on whatever Node.js the machine has (20 and up).

import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { fileURLToPath } from "node:url"

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

const readJson = (path) => JSON.parse(readFileSync(path, "utf8"))

/** The pnpm that package.json pins, as `pnpm@12.x.y`. */
export const pnpm = readJson(join(root, "package.json")).packageManager.split("+")[0]

/** The Node.js binaries the project brings with it: `node` (26) for everything, `node24` for the tests on the oldest supported one. */
export const nodeBinary = (name = "node") =>
  join(root, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node")

const stampFile = join(root, "node_modules", ".understudy-setup")
const lockFolder = join(root, ".cache", "setup.lock")
const ownerFile = join(lockFolder, "owner")

/** Every file that decides what an install gives: the lockfile, the workspace's settings and each member's package.json. */
const inputs = () => {
  const members = ["packages", "examples"].flatMap((folder) =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder))
          .sort()
          .map((name) => `${folder}/${name}`)
      : []
  )
  const manifests = [...members, "benchmarks"].map((member) => `${member}/package.json`)
  return ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json", ...manifests].filter((file) =>
    existsSync(join(root, file))
  )
}

const expectedStamp = () => {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch} ${pnpm}\n`)
  for (const file of inputs()) hash.update(`${file}\n`).update(readFileSync(join(root, file)))
  return hash.digest("hex")
}

const isReady = () =>
  existsSync(stampFile) &&
  readFileSync(stampFile, "utf8") === expectedStamp() &&
  existsSync(nodeBinary("node")) &&
  existsSync(nodeBinary("node24"))

const isAlive = (pid) => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === "EPERM"
  }
}

const readOwner = (folder) => {
  try {
    return Number.parseInt(readFileSync(join(folder, "owner"), "utf8"), 10)
  } catch {
    return undefined
  }
}

/** A lock is stale when the process that holds it is gone, or died between making the folder and signing it. */
const isStale = (folder) => {
  const owner = readOwner(folder)
  if (owner !== undefined && !Number.isNaN(owner)) return !isAlive(owner)
  try {
    return Date.now() - statSync(folder).mtimeMs > 10_000
  } catch {
    return false
  }
}

/** Takes the lock if it is free. A stale one is moved away first, and put back if someone signed it in the meantime. */
const tryLock = () => {
  mkdirSync(dirname(lockFolder), { recursive: true })
  if (existsSync(lockFolder) && isStale(lockFolder)) {
    const aside = `${lockFolder}.stale-${process.pid}`
    try {
      renameSync(lockFolder, aside)
      if (isStale(aside)) rmSync(aside, { recursive: true, force: true })
      else renameSync(aside, lockFolder)
    } catch {
      // Another process was quicker; the next try finds out what it left.
    }
  }
  try {
    mkdirSync(lockFolder)
  } catch (error) {
    if (error.code === "EEXIST") return false
    throw error
  }
  writeFileSync(ownerFile, `${process.pid}\n`)
  return true
}

/** Runs pnpm quietly: what it says only matters when it fails. Resolves to its exit code and its output. */
const install = () =>
  new Promise((resolve) => {
    const windows = process.platform === "win32"
    const child = spawn(windows ? "npx.cmd" : "npx", ["--yes", pnpm, "install", "--frozen-lockfile"], {
      cwd: root,
      shell: windows,
      stdio: ["ignore", "pipe", "pipe"]
    })
    let output = ""
    child.stdout.on("data", (chunk) => (output += chunk))
    child.stderr.on("data", (chunk) => (output += chunk))
    const stop = (signal) => {
      child.kill(signal)
      rmSync(lockFolder, { recursive: true, force: true })
      process.exit(1)
    }
    process.once("SIGINT", stop).once("SIGTERM", stop)
    const done = (code, reason) => {
      process.off("SIGINT", stop).off("SIGTERM", stop)
      resolve({ code, output: reason === undefined ? output : `${output}${reason}\n` })
    }
    child.once("error", (error) => done(1, `npx could not be started: ${error.message}`))
    child.once("close", (code) => done(code ?? 1))
  })

/**
 * Installs the dependencies if they are not what the lockfile says, and returns the exit code: 0 when all is ready.
 * Safe to call from several processes at once: one installs, the others wait for it.
 */
export const setup = async () => {
  if (isReady()) return 0
  let waited = false
  while (!tryLock()) {
    if (!waited)
      console.log(`Waiting for another setup of this folder (process ${readOwner(lockFolder) ?? "unknown"}).`)
    waited = true
    await delay(200)
    if (isReady()) return 0
  }
  try {
    if (isReady()) return 0
    console.log(`Installing dependencies with ${pnpm}, Node.js 26 among them (about a minute the first time).`)
    const { code, output } = await install()
    if (code !== 0) {
      console.error(output)
      console.error(
        `Setup failed: "npx ${pnpm} install --frozen-lockfile" ended with code ${code}; its output is above.`
      )
      return 1
    }
    for (const name of ["node", "node24"]) {
      if (existsSync(nodeBinary(name))) continue
      console.error(output)
      console.error(`Setup failed: the install went through but left no ${nodeBinary(name)}; its output is above.`)
      return 1
    }
    writeFileSync(stampFile, expectedStamp())
    return 0
  } finally {
    rmSync(lockFolder, { recursive: true, force: true })
  }
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) {
  process.exitCode = await setup()
  if (process.exitCode === 0) console.log("Ready.")
}
