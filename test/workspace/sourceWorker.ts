// The worker thread of sources.test.ts: says which Node.js runs it and where it found the packages.
import { parentPort } from "node:worker_threads"
import * as Core from "@understudy/core"

parentPort?.postMessage({
  loaded: typeof Core,
  core: import.meta.resolve("@understudy/core"),
  supervisor: import.meta.resolve("@understudy/supervisor"),
  registry: import.meta.resolve("@understudy/registry")
})
