/**
 * Compiles the Erlang and the Elixir programs into a temporary folder, where their compilers are installed.
 */
import { execFile } from "node:child_process"
import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Preparation } from "../../System.ts"
import type { BeamProgram } from "./VirtualMachine.ts"

type Language = BeamProgram["language"]

const compilers: { readonly [L in Language]: { readonly command: string; readonly extension: string } } = {
  erlang: { command: "erlc", extension: ".erl" },
  elixir: { command: "elixirc", extension: ".ex" }
}

const isAbsent = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT"

/** Compiles what is written in a language. Gives why its workloads cannot be run, if they cannot. */
const compileLanguage = (language: Language, folder: string): Effect.Effect<string | undefined> => {
  const { command, extension } = compilers[language]
  return Effect.tryPromise({
    try: async () => {
      const files = (await readdir(import.meta.dirname)).filter((file) => file.endsWith(extension))
      await promisify(execFile)(command, ["-o", folder, ...files], { cwd: import.meta.dirname })
      return undefined
    },
    catch: (error) => error
  }).pipe(
    Effect.catch((error) =>
      Effect.succeed(isAbsent(error) ? `${command} is not installed` : `${command} failed: ${String(error)}`)
    )
  )
}

/** Which Erlang and which runtime system; `undefined` where there is none. */
const version: Effect.Effect<string | undefined> = Effect.tryPromise(async () => {
  const ask = 'io:format("Erlang/OTP ~s, erts ~s", [erlang:system_info(K) || K <- [otp_release, version]]), halt().'
  return (await promisify(execFile)("erl", ["-noshell", "-eval", ask])).stdout
}).pipe(Effect.catch(() => Effect.succeed(undefined)))

/** Compiles everything; the folder goes with the scope. */
export const compile = (languageOf: (workload: string) => Language): Effect.Effect<Preparation, never, Scope.Scope> =>
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.promise(() => mkdtemp(join(tmpdir(), "understudy-benchmarks-"))),
      (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
    )
    const missing = {
      erlang: yield* compileLanguage("erlang", folder),
      elixir: yield* compileLanguage("elixir", folder)
    }
    return { prepared: folder, version: yield* version, missing: (workload) => missing[languageOf(workload)] }
  })
