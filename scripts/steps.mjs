// Runs named steps one after the other and says at the end which of them failed.

import { spawn } from "node:child_process"
import { join } from "node:path"
import { pnpm, root } from "./setup.mjs"

/** A program of the workspace by the path of its JavaScript file under node_modules, run by this very Node.js. */
export const tool = (path, args) => run(process.execPath, [join(root, "node_modules", path), ...args])

/** As `tool`, but shows what the program printed only if it failed. */
export const quietTool = (path, args, options) =>
  runQuietly(process.execPath, [join(root, "node_modules", path), ...args], options)

/** The pinned pnpm. Shows what it printed only if it failed. */
export const quietPnpm = (args) => {
  const windows = process.platform === "win32"
  return runQuietly(windows ? "npx.cmd" : "npx", ["--yes", pnpm, ...args], { shell: windows })
}

/** Runs a program in the project's root with inherited output, and resolves to whether it ended with 0. */
export const run = (command, args, options = {}) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"], ...options })
    child.once("error", (error) => {
      console.error(`${command} could not be started: ${error.message}`)
      resolve(false)
    })
    child.once("close", (code) => resolve(code === 0))
  })

/** As `run`, but shows what the program printed only if it failed. */
export const runQuietly = (command, args, options = {}) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, ...options, stdio: ["ignore", "pipe", "pipe"] })
    const output = []
    child.stdout.on("data", (chunk) => output.push(chunk))
    child.stderr.on("data", (chunk) => output.push(chunk))
    child.once("error", (error) => {
      console.error(`${command} could not be started: ${error.message}`)
      resolve(false)
    })
    child.once("close", (code) => {
      if (code !== 0) process.stdout.write(Buffer.concat(output))
      resolve(code === 0)
    })
  })

/**
 * Runs `[title, effect]` pairs in order; an effect resolves to whether it succeeded. All of them run, unless `stopAtFirst`.
 * Sets the exit code to 1 if any failed.
 */
export const steps = async (list, { stopAtFirst = false } = {}) => {
  const failed = []
  for (const [title, effect] of list) {
    console.log(`\n── ${title}`)
    if (await effect()) continue
    failed.push(title)
    if (stopAtFirst) break
  }
  if (failed.length === 0) return true
  console.error(`\nFailed: ${failed.join(", ")}.`)
  process.exitCode = 1
  return false
}
