// A chat server of its own, as people run it: another OS process, from the sources, on a free port, with its data in a
// folder that is thrown away.
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const main = fileURLToPath(new URL("../../examples/chat/src/main.ts", import.meta.url))

/** How a server is started; what is not given is a free port, two schedulers and a fresh folder. */
export type Environment = Readonly<Record<string, string>>

/** The server's own process, with what it prints. */
const launch = (environment: Environment): { readonly child: ChildProcess; readonly output: () => string } => {
  const child = spawn(process.execPath, ["--conditions=@understudy/source", main], {
    env: { ...process.env, NODE_OPTIONS: "", ...environment },
    stdio: ["ignore", "pipe", "pipe"]
  })
  // It must not outlive tests that were cut short
  const kill = () => child.kill("SIGKILL")
  process.once("exit", kill)
  child.once("close", () => process.off("exit", kill))
  let output = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text
    })
  }
  return { child, output: () => output }
}

/** Runs a server that is expected to end by itself. Gives its exit code and what it printed. */
export const runToEnd = async (environment: Environment) => {
  const { child, output } = launch(environment)
  const [code] = (await once(child, "close")) as [number | null]
  return { code, output: output() }
}

/** A running server. */
export interface ChatServer {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly url: string
  readonly data: string
  /** What it has printed so far. */
  readonly output: () => string
  /** Sends a signal and gives the exit code, and how long that took in milliseconds. */
  readonly stop: (signal: "SIGTERM" | "SIGINT") => Promise<{ readonly code: number | null; readonly took: number }>
  /** Kills it if it still runs, and throws its data away. */
  readonly dispose: () => Promise<void>
}

/** Starts a server, and waits until it says where it is. Rejects with what it printed when it ends instead. */
export const startServer = async (environment: Environment = {}): Promise<ChatServer> => {
  const data = await mkdtemp(join(tmpdir(), "understudy-chat-"))
  const { child, output } = launch({
    CHAT_PORT: "0",
    CHAT_HOST: "127.0.0.1",
    CHAT_SCHEDULERS: "2",
    CHAT_DATA: data,
    ...environment
  })
  const closed = once(child, "close")
  const url = await new Promise<string>((resolve, reject) => {
    const look = () => {
      const found = /The show is on: (http:\S+)\//.exec(output())?.[1]
      if (found !== undefined) resolve(found)
    }
    child.stdout?.on("data", look)
    child.once("close", (code) => reject(new Error(`the server ended with code ${code}:\n${output()}`)))
  })
  return {
    url,
    data,
    output,
    stop: async (signal) => {
      const before = performance.now()
      child.kill(signal)
      const [code] = (await closed) as [number | null]
      return { code, took: performance.now() - before }
    },
    dispose: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL")
      await closed
      await rm(data, { recursive: true, force: true })
    }
  }
}
