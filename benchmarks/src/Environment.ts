/**
 * What the figures were measured on: without it they cannot be compared with others.
 */
import { execFile } from "node:child_process"
import { availableParallelism, cpus } from "node:os"
import { promisify } from "node:util"
import * as Effect from "effect/Effect"

/** See the file's header. */
export interface Environment {
  /** Of Node.js. */
  readonly node: string
  readonly platform: string
  readonly cores: number
  readonly processor: string
  /** The commit of the working tree, and whether it has changes; `undefined` where there is no commit, or no git. */
  readonly commit: { readonly id: string; readonly changed: boolean } | undefined
  /** Messages are checked against their schemas: always. */
  readonly validation: "on"
  /** Of the systems' processes. In production messages that are shared are not frozen. */
  readonly nodeEnv: "production"
}

const git = (...args: ReadonlyArray<string>) =>
  Effect.tryPromise(() => promisify(execFile)("git", [...args], { cwd: import.meta.dirname }))

const commit = Effect.gen(function* () {
  const id = yield* git("rev-parse", "--short", "HEAD")
  const changes = yield* git("status", "--porcelain")
  return { id: id.stdout.trim(), changed: changes.stdout !== "" }
}).pipe(Effect.catch(() => Effect.succeed(undefined)))

/** Looks around. */
export const environment: Effect.Effect<Environment> = Effect.map(commit, (found) => ({
  node: process.versions.node,
  platform: `${process.platform} ${process.arch}`,
  cores: availableParallelism(),
  processor: cpus()[0]?.model.trim() ?? "unknown processor",
  commit: found,
  validation: "on",
  nodeEnv: "production"
}))
