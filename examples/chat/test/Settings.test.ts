import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Result from "effect/Result"
import { expect, it } from "vitest"
import { prepareData, readSettings } from "../src/Settings.ts"

const settings = (environment: Record<string, string>) => Result.getOrThrow(readSettings(environment))
const problem = (environment: Record<string, string>) => {
  const result = readSettings(environment)
  return Result.isFailure(result) ? result.failure.message : undefined
}

it("everything has a default, and an empty value is none", () => {
  for (const environment of [{}, { CHAT_PORT: "", CHAT_HOST: "", CHAT_DATA: "" }]) {
    expect(settings(environment)).toMatchObject({ port: 8080, host: "127.0.0.1", origins: undefined, hosts: [] })
    expect(settings(environment)).toMatchObject({
      connectionsPerAddress: 256,
      roomsPerAddress: 64,
      roomsPerConnection: 16
    })
    expect(settings(environment).schedulers).toBeGreaterThanOrEqual(2)
    expect(settings(environment).data).toMatch(/chat.data$/)
  }
})

it("takes what it is given", () => {
  const given = {
    CHAT_PORT: "0",
    CHAT_HOST: "::1",
    CHAT_SCHEDULERS: "1",
    CHAT_DATA: ":memory:",
    CHAT_ORIGINS: "https://chat.example, http://localhost:3000",
    CHAT_HOSTS: "chat.example, [fd00::1]:8443",
    CHAT_CONNECTIONS_PER_ADDRESS: "10000",
    CHAT_ROOMS_PER_ADDRESS: "1000",
    CHAT_ROOMS_PER_CONNECTION: "1"
  }
  expect(settings(given)).toEqual({
    port: 0,
    host: "::1",
    schedulers: 1,
    data: ":memory:",
    origins: ["https://chat.example", "http://localhost:3000"],
    hosts: ["chat.example", "[fd00::1]:8443"],
    connectionsPerAddress: 10_000,
    roomsPerAddress: 1000,
    roomsPerConnection: 1
  })
})

it.each([
  [{ CHAT_PORT: "eighty" }, 'CHAT_PORT: expected a whole number from 0 to 65535, got "eighty"'],
  [{ CHAT_PORT: "65536" }, 'CHAT_PORT: expected a whole number from 0 to 65535, got "65536"'],
  [{ CHAT_PORT: "80.5" }, 'CHAT_PORT: expected a whole number from 0 to 65535, got "80.5"'],
  [{ CHAT_SCHEDULERS: "0" }, 'CHAT_SCHEDULERS: expected a whole number from 1 to 64, got "0"'],
  [{ CHAT_SCHEDULERS: "65" }, 'CHAT_SCHEDULERS: expected a whole number from 1 to 64, got "65"'],
  [
    { CHAT_CONNECTIONS_PER_ADDRESS: "0" },
    'CHAT_CONNECTIONS_PER_ADDRESS: expected a whole number from 1 to 10000, got "0"'
  ],
  [{ CHAT_ROOMS_PER_ADDRESS: "1001" }, 'CHAT_ROOMS_PER_ADDRESS: expected a whole number from 1 to 1000, got "1001"'],
  [{ CHAT_ROOMS_PER_CONNECTION: "-1" }, 'CHAT_ROOMS_PER_CONNECTION: expected a whole number from 1 to 1000, got "-1"'],
  [
    { CHAT_HOSTS: "https://chat.example" },
    'CHAT_HOSTS: expected hosts with commas between them, such as "chat.example", "chat.example:8443" or "[fd00::1]", got "https://chat.example"'
  ],
  [
    { CHAT_ORIGINS: "chat.example" },
    'CHAT_ORIGINS: expected origins with commas between them, such as "https://chat.example", got "chat.example"'
  ],
  [
    { CHAT_ORIGINS: "https://chat.example/page" },
    'CHAT_ORIGINS: expected origins with commas between them, such as "https://chat.example", got "https://chat.example/page"'
  ]
])("%j is refused with the variable, what was expected, and what was there", (environment, message) => {
  expect(problem(environment)).toBe(message)
})

it("a data folder that cannot be is refused before anything starts", () => {
  const folder = mkdtempSync(join(tmpdir(), "understudy-settings-"))
  try {
    const file = join(folder, "file")
    writeFileSync(file, "")
    expect(Result.isSuccess(prepareData(settings({ CHAT_DATA: join(folder, "new", "folder") })))).toBe(true)
    const refused = prepareData(settings({ CHAT_DATA: join(file, "below") }))
    expect(Result.isFailure(refused) && refused.failure.message).toMatch(/^CHAT_DATA: expected a folder to write to/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
