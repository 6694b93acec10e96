import { Session } from "node:inspector/promises"
import * as Effect from "effect/Effect"
import { collectGarbage } from "./measure.ts"
import { loadSystem } from "./systems/index.ts"
import { workloads } from "./workloads/index.ts"
const [key = "", rounds = "4"] = process.argv.slice(2)
const figs: Array<unknown> = []
const session = new Session()
if (process.env.ALLOC) { session.connect(); }
await Effect.runPromise(Effect.scoped(Effect.gen(function* () {
  const workload = workloads.find((c) => c.key === key)!
  const system = yield* Effect.promise(() => loadSystem("understudy"))
  const round = yield* system.start(key, workload.parameters.full, { schedulers: 1, prepared: "" })
  for (let i = 0; i < Number(rounds); i++) { collectGarbage();
    if (process.env.ALLOC && i === Number(rounds) - 1) yield* Effect.promise(() => session.post("HeapProfiler.startSampling", { samplingInterval: 4096, includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true } as never))
    figs.push(yield* round) }
})))
if (process.env.ALLOC) {
  const { profile } = await session.post("HeapProfiler.stopSampling") as any
  const self = new Map<string, number>()
  const walk = (n: any) => { const f = n.callFrame; const k = f.functionName + " " + f.url.split("/").slice(-2).join("/") + ":" + f.lineNumber; self.set(k, (self.get(k) ?? 0) + n.selfSize); n.children.forEach(walk) }
  walk(profile.head)
  for (const [k, v] of [...self].sort((a, b) => b[1] - a[1]).slice(0, 25)) console.log((v / 1e6).toFixed(1).padStart(8), "MB", k)
}
console.log(key, JSON.stringify(figs))
process.exit(0)
