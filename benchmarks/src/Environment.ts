/**
 * What the figures were measured on: without it they cannot be compared with others.
 */
import { execFile } from "node:child_process"
import { availableParallelism, cpus } from "node:os"
import { promisify } from "node:util"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** See the file's header. */
export const Environment = Schema.Struct({
  /** The version of Node.js. */
  node: Schema.String,
  platform: Schema.String,
  cores: Schema.Int,
  processor: Schema.String,
  /** The commit of the working tree, and whether it has changes; absent where there is no commit, or no git. */
  commit: Schema.optional(Schema.Struct({ id: Schema.String, changed: Schema.Boolean })),
  /** Messages are checked against their schemas: always. */
  validation: Schema.Literal("on"),
  /** Of the systems' processes. In production messages that are shared are not frozen. */
  nodeEnv: Schema.Literal("production")
})
export type Environment = (typeof Environment)["Type"]

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
