// The systems that Understudy is compared with: each of their programs does its work, says so, and leaves nothing behind.
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { WebSocketServer } from "ws"
import { talk } from "../src/chat/Crowd.ts"
import { encodeHeard } from "../src/chat/frames.ts"
import { gaps } from "../src/systems/gaps.ts"
import { loadSystem, type SystemName, systemNames } from "../src/systems/index.ts"
import { check, peerSystem } from "../src/systems/PeerPrograms.ts"
import type { Workload } from "../src/Workload.ts"
import { workloads } from "../src/workloads/index.ts"
import { tiny } from "./tiny.ts"

const peers: ReadonlyArray<SystemName> = ["effect", "cluster", "nact", "xstate", "comedy", "piscina", "ws", "plain"]

/** Memory is measured after many garbage collections, and the people of a chat are an OS process. */
const isLong = (key: string): boolean => key.startsWith("memory") || key.startsWith("chat")

/** Starts a system, runs a workload, again where that does not take long, and stops the system. */
const play = (system: Awaited<ReturnType<typeof loadSystem>>, key: string, parameters: object, schedulers: number) =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const round = yield* system.start(key, parameters, { schedulers, prepared: "" })
        const first = yield* round
        return isLong(key) ? [first] : [first, yield* round]
      })
    )
  )

/** One or several figures by name; one alone has none. */
const byName = (figures: unknown): Readonly<Record<string, unknown>> =>
  typeof figures === "object" && figures !== null ? { ...figures } : { "": figures }

const systems = await Promise.all(peers.map(async (name) => ({ name, system: await loadSystem(name) })))
const rows = systems.flatMap(({ name, system }) =>
  workloads.filter(({ key }) => system.has(key)).map((workload) => ({ name, system, workload, key: workload.key }))
)

describe("a peer", () => {
  it("has something to be compared with in every system", () => {
    expect(new Set(rows.map(({ name }) => name))).toEqual(new Set(peers))
  })

  it.each(rows)("does $key on $name", async ({ key, system, workload }) => {
    const rounds = await play(system, key, tiny(workload), workload.schedulers)
    for (const figures of rounds.map(byName)) {
      expect(Object.keys(figures).sort()).toEqual(workload.rows.map(({ figure }) => figure ?? "").sort())
      for (const figure of Object.values(figures)) expect(figure).toSatisfy(Number.isFinite)
    }
  })

  it("gives no figure when it has not done all of its work", async () => {
    const lazy = peerSystem("peer", {
      churn: async ({ processes }) => {
        check("processes that ran", processes, processes - 1)
        return 1
      }
    })
    await expect(play(lazy, "churn", { processes: 10 }, 1)).rejects.toThrow(
      "processes that ran: expected 10, counted 9"
    )
  })
})

describe("what a system has no program for", () => {
  it.each(systemNames)("is told with a reason, and nothing else is, of %s", async (name) => {
    const system = await loadSystem(name)
    const covered = new Set<string>(gaps[name].flatMap(({ of }) => of))
    const isTold = ({ id, key }: Workload) => covered.has(id) || covered.has(key)
    expect(workloads.filter(isTold).map(({ key }) => key)).toEqual(
      workloads.filter(({ key }) => !system.has(key)).map(({ key }) => key)
    )
    const names = new Set<string>(workloads.flatMap(({ id, key }) => [id, key]))
    expect([...covered].filter((name) => !names.has(name))).toEqual([])
  })
})

describe("our side of the pool and of the chat", async () => {
  const understudy = await loadSystem("understudy")
  const keys = workloads.filter(({ id }) => id === "W16" || id === "W17")

  it.each(keys)("does $key", async (workload) => {
    for (const figure of await play(understudy, workload.key, tiny(workload), workload.schedulers)) {
      expect(figure).toBeGreaterThan(0)
    }
  })
})

describe("the people of the chat", () => {
  it.each([
    ["a message is lost", (number: number) => (number === 1 ? [] : [number])],
    ["a message comes twice", (number: number) => [number, number]],
    ["messages are out of order", (number: number) => (number === 0 ? [] : number === 1 ? [1, 0] : [number])]
  ])("notice when %s", async (_what, deliver) => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" })
    await once(server, "listening")
    server.on("connection", (socket) => {
      socket.send("welcome")
      socket.on("message", (data) => {
        const said = JSON.parse(String(data))
        for (const number of deliver(said.number)) socket.send(encodeHeard({ ...said, from: 0, number }))
      })
    })
    const { port } = server.address() as AddressInfo
    await expect(talk({ port, people: 1, messagesEach: 10 })).rejects.toThrow("person 0 heard")
    for (const client of server.clients) client.terminate()
    await new Promise((resolve) => server.close(resolve))
  })
})
