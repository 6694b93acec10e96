/**
 * The BEAM: the same work in Erlang, and for the registry in Elixir, in an OS process of its own that is told round by
 * round what to do. GenServer rows are done by gen_servers, raw ones by plain processes.
 */

import { type Programs, system } from "../../System.ts"
import type { WorkloadKey } from "../../workloads/index.ts"
import { compile } from "./compile.ts"
import { type BeamProgram, startVirtualMachine } from "./VirtualMachine.ts"

/** A program that is called by the workload's key and given its parameters. */
const program =
  (key: WorkloadKey, language: BeamProgram["language"]) =>
  (parameters: { readonly [name: string]: number }): BeamProgram => ({ key, language, parameters })

const erlang = (key: WorkloadKey) => program(key, "erlang")
const elixir = (key: WorkloadKey) => program(key, "elixir")

const programs = {
  "spawn-100k": erlang("spawn-100k"),
  "spawn-1m": erlang("spawn-1m"),
  "start-server-100k": erlang("start-server-100k"),
  "memory-raw": erlang("memory-raw"),
  "memory-server": erlang("memory-server"),
  "million-servers": erlang("million-servers"),
  churn: erlang("churn"),
  "churn-await": erlang("churn-await"),
  "ping-pong": erlang("ping-pong"),
  "ping-pong-server": erlang("ping-pong-server"),
  "ring-1000": erlang("ring-1000"),
  "ring-503": erlang("ring-503"),
  "fan-in": erlang("fan-in"),
  "all-to-all": erlang("all-to-all"),
  "call-1": erlang("call-1"),
  "call-100": erlang("call-100"),
  cast: erlang("cast"),
  "call-behind-10k": erlang("call-behind-10k"),
  "receive-tag-behind-10k": erlang("receive-tag-behind-10k"),
  "parallel-cpu": erlang("parallel-cpu"),
  "parallel-cpu-2": erlang("parallel-cpu-2"),
  "kill-monitored": erlang("kill-monitored"),
  "monitor-demonitor": erlang("monitor-demonitor"),
  "link-fan": erlang("link-fan"),
  "supervisor-restart": erlang("supervisor-restart"),
  "supervisor-restart-100": erlang("supervisor-restart-100"),
  "dynamic-start": erlang("dynamic-start"),
  "dynamic-stop": erlang("dynamic-stop"),
  "registry-register": elixir("registry-register"),
  "registry-lookup": elixir("registry-lookup"),
  "registry-whereis": elixir("registry-whereis"),
  "registry-dispatch": elixir("registry-dispatch"),
  "timer-cancel": erlang("timer-cancel"),
  "timer-fire": erlang("timer-fire"),
  "latency-0": erlang("latency-0"),
  "latency-2": erlang("latency-2"),
  "cross-one-way": erlang("cross-one-way"),
  "cross-one-way-server": erlang("cross-one-way-server"),
  "cross-ping-pong": erlang("cross-ping-pong"),
  "cross-ping-pong-server": erlang("cross-ping-pong-server")
} satisfies Programs<BeamProgram>

/** The workloads that need Elixir. */
const elixirKeys: ReadonlySet<string> = new Set(Object.keys(programs).filter((key) => key.startsWith("registry-")))

/** See the file's header. */
export const beam = system<BeamProgram>({
  kind: "anchor",
  programs,
  prepare: compile((key) => (elixirKeys.has(key) ? "elixir" : "erlang")),
  start: startVirtualMachine
})
