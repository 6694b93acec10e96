/** Runs one of the programs of `aloneProgram.ts` in a process of its own, and gives what it printed. */
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"

const program = fileURLToPath(new URL("./aloneProgram.ts", import.meta.url))

/** Rejects when the program fails or has not ended by itself after 10 seconds. */
export const runAlone = (name: "idle" | "leak" | "throw"): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(process.execPath, ["--expose-gc", program, name], { timeout: 10_000 }, (error, stdout) => {
      if (error) reject(error)
      else resolve(stdout.trim())
    })
  })
