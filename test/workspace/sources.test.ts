// The workspace's own promise: tests, and the worker threads they start, run the packages' sources and never a build.
import { once } from "node:events"
import { Worker } from "node:worker_threads"
import { describe, expect, it } from "vitest"

const sources = {
  loaded: "object",
  core: new URL("../../packages/core/src/index.ts", import.meta.url).href,
  supervisor: new URL("../../packages/supervisor/src/index.ts", import.meta.url).href,
  registry: new URL("../../packages/registry/src/index.ts", import.meta.url).href
}

const report = async (worker: Worker) => {
  // Both from the start: a worker that ends quickly has its last message told together with its end
  const [[message]] = await Promise.all([once(worker, "message"), once(worker, "exit")])
  return message
}

describe("a worker thread started from a test", () => {
  const url = new URL("./sourceWorker.ts", import.meta.url)

  it("runs the packages' TypeScript sources with the flags it inherits", async () => {
    expect(await report(new Worker(url))).toEqual(sources)
  })

  it("runs them with flags of its own that repeat the condition", async () => {
    expect(await report(new Worker(url, { execArgv: ["--conditions=@understudy/source"] }))).toEqual(sources)
  })

  it("gets a build, or nothing, without the condition", async () => {
    const found = await report(new Worker(url, { execArgv: [] })).catch(() => undefined)
    expect(found?.core).not.toBe(sources.core)
  })
})
