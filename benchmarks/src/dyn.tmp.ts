import { Session } from "node:inspector/promises"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Supervisor from "@understudy/supervisor/Supervisor"
import * as ExitReason from "@understudy/core/ExitReason"
import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as System from "@understudy/core/System"
import { implementations, layer } from "./systems/understudy/implementations.ts"
import { asProcess } from "./systems/understudy/program.ts"
import { Counter } from "./systems/understudy/servers/Counter.ts"
import { Child, Up } from "./systems/understudy/servers/Child.ts"
import { rate } from "./measure.ts"
const [what = "dyn", n = "100000", rounds = "5"] = process.argv.slice(2)
const N = Number(n)
const session = new Session(); session.connect()
const post = (m: string, a?: object) => Effect.promise(() => session.post(m as never, a as never) as Promise<any>)
const self = new Map<string, number>()
let total = 0
const report = (p: any) => { const byId = new Map<number, any>(p.nodes.map((n: any) => [n.id, n])); p.samples.forEach((id: number, i: number) => { const f = byId.get(id).callFrame; const k = f.functionName + " " + f.url.split("/").slice(-2).join("/") + ":" + f.lineNumber; self.set(k, (self.get(k) ?? 0) + p.timeDeltas[i]); total += p.timeDeltas[i] }) }
const measured = (ops: number, work: Effect.Effect<unknown, any, any>, last: boolean) => Effect.gen(function* () {
  if (!process.env.NOGC) (globalThis as any).gc()
  if (process.env.PROF && last) { yield* post("Profiler.enable"); yield* post("Profiler.setSamplingInterval", { interval: 200 }); yield* post("Profiler.start") }
  if (process.env.ALLOC && last) yield* post("HeapProfiler.startSampling", { samplingInterval: 4096, includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true })
  const r = yield* rate(ops, work)
  if (process.env.PROF && last) report((yield* post("Profiler.stop")).profile)
  if (process.env.ALLOC && last) { const { profile } = yield* post("HeapProfiler.stopSampling"); const walk = (n: any) => { const f = n.callFrame; const k = f.functionName + " " + f.url.split("/").slice(-2).join("/") + ":" + f.lineNumber; self.set(k, (self.get(k) ?? 0) + n.selfSize); total += n.selfSize; n.children.forEach(walk) }; walk(profile.head) }
  return Math.round(r)
})
const one = (last: boolean): Effect.Effect<unknown, any, any> => asProcess(what === "restart" ? Up : Schema.Never as never, (self: any) => Effect.gen(function* () {
  if (what === "start") {
    const pids: Array<any> = []
    const r = yield* measured(N, Effect.gen(function* () { for (let i = 0; i < N; i++) pids.push((yield* GenServer.start(Counter)).pid) }), last)
    for (const pid of pids) yield* Process.exit(pid, ExitReason.shutdown)
    return { start: r }
  }
  if (what === "restart") {
    const supervisor = yield* Supervisor.startLink(Supervisor.supervisor("r", { strategy: "one-for-one", intensity: { restarts: 100_000_000, within: "1 second" }, children: [Supervisor.child(Child, { tell: self.pid })] }))
    const up = Effect.map(self.receiveTag("Up"), ({ pid }: any) => pid)
    let child: any = yield* up
    const r = yield* measured(N, Effect.gen(function* () { for (let i = 0; i < N; i++) { yield* Process.exit(child, ExitReason.kill); child = yield* up } }), last)
    yield* Supervisor.stop(supervisor)
    return { restart: r }
  }
  const dynamic = Supervisor.dynamic("benchmarks/children", Counter, { restart: "temporary" })
  const supervisor = yield* Supervisor.startLink(dynamic.spec)
  const start = yield* measured(N, Effect.gen(function* () { for (let count = 0; count < N; count++) yield* dynamic.start() }), last && what === "dyn")
  const stop = yield* measured(N, Supervisor.stop(supervisor), last && what === "stop")
  return { start, stop }
}) as never)
await Effect.runPromise(Effect.scoped(Effect.gen(function* () {
  for (let i = 0; i < Number(rounds); i++) console.log(JSON.stringify(yield* one(i === Number(rounds) - 1)))
})).pipe(Effect.provide(System.layer({ implementations, layer, schedulers: 1 } as never) as never)) as never)
for (const [k, v] of [...self].sort((a, b) => b[1] - a[1]).slice(0, Number(process.env.TOP ?? 40))) console.log((v / (process.env.ALLOC ? 1e6 : 1e3)).toFixed(1).padStart(8), (100 * v / total).toFixed(1).padStart(6) + "%", k)
process.exit(0)
