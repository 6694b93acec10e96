// The server's settings: environment variables, read through Effect's `Config`, each with its default. They are read once,
// before the system starts, since the number of schedulers is one of them.
import { accessSync, constants, mkdirSync } from "node:fs"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { inMemory } from "./History.ts"
import { readHosts } from "./Hosts.ts"

/** What the server is told by its environment. */
export interface Settings {
  /** `CHAT_PORT`. 0 lets the system choose a free one. Default 8080. */
  readonly port: number
  /** `CHAT_HOST`: the address to listen on. Default 127.0.0.1, which only this machine can reach. */
  readonly host: string
  /** `CHAT_SCHEDULERS`. Default: one a core, and at least 2, so that there is one to kill. */
  readonly schedulers: number
  /** `CHAT_DATA`: the folder of the histories, or `:memory:` for none. Default: `data` beside `src`. */
  readonly data: string
  /** `CHAT_ORIGINS`: pages of these origins may connect. Default, nothing: pages of the very host they connect to. */
  readonly origins: ReadonlyArray<string> | undefined
  /**
   * `CHAT_HOSTS`: host names that are this server's, besides `localhost`, its addresses and `CHAT_HOST`. One without a
   * port counts with the server's port and with none. Default: no more.
   */
  readonly hosts: ReadonlyArray<string>
  /** `CHAT_CONNECTIONS_PER_ADDRESS`: most connections of one address on each scheduler. Default 256. */
  readonly connectionsPerAddress: number
  /** `CHAT_ROOMS_PER_ADDRESS`: most rooms that one address has opened and that are still open. Default 64. */
  readonly roomsPerAddress: number
  /** `CHAT_ROOMS_PER_CONNECTION`: most rooms that one connection is in. Default 16. */
  readonly roomsPerConnection: number
}

/** A setting that cannot be meant. */
export class SettingsError extends Schema.TaggedError<SettingsError>()("SettingsError", {
  variable: Schema.String,
  expected: Schema.String,
  actual: Schema.String
}) {
  override get message(): string {
    return `${this.variable}: expected ${this.expected}, got ${JSON.stringify(this.actual)}`
  }
}

/** The most schedulers a system can have. */
const mostSchedulers = 64
/** Most connections of one scheduler, of all addresses together. */
export const mostConnections = 10_000
/** Most rooms that are open at once, of all addresses together. */
export const mostRooms = 1000

const wholeNumber = (minimum: number, maximum: number) =>
  Schema.Int.check(Schema.isGreaterThanOrEqualTo(minimum), Schema.isLessThanOrEqualTo(maximum))

// An origin as browsers send it: a scheme and a host, perhaps a port, and nothing after it.
const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text

const readOrigins = (text: string): ReadonlyArray<string> | undefined => {
  const origins = text.split(",").map((origin) => origin.trim())
  return origins.every(isOrigin) ? origins : undefined
}

// A data folder beside the sources, wherever the server is started from.
const defaultData = fileURLToPath(new URL("../data", import.meta.url))

const hostsExpected = 'hosts with commas between them, such as "chat.example", "chat.example:8443" or "[fd00::1]"'
const originsExpected = 'origins with commas between them, such as "https://chat.example"'

type Environment = Readonly<Record<string, string | undefined>>

/** Reads the settings from `environment`. Fails with the first that cannot be meant. */
export const readSettings = (environment: Environment): Result.Result<Settings, SettingsError> => {
  const provider = ConfigProvider.fromUnknown(environment)
  const read = <A, B>(
    variable: string,
    schema: Schema.Codec<A, string | number>,
    expected: string,
    otherwise: B
  ): Effect.Effect<A | B, SettingsError> =>
    Effect.mapError(
      Config.schema(schema, variable).pipe(Config.withDefault(otherwise)).parse(provider),
      () => new SettingsError({ variable, expected, actual: environment[variable] ?? "" })
    )
  const readNumber = (variable: string, minimum: number, maximum: number, otherwise: number) =>
    read(variable, wholeNumber(minimum, maximum), `a whole number from ${minimum} to ${maximum}`, otherwise)
  const readList = <A>(variable: string, readText: (text: string) => A | undefined, expected: string) =>
    Effect.gen(function* () {
      const text = yield* read(variable, Schema.NonEmptyString, expected, undefined)
      const list = text === undefined ? undefined : readText(text)
      if (text !== undefined && list === undefined)
        return yield* new SettingsError({ variable, expected, actual: text })
      return list
    })
  return Effect.runSync(
    Effect.result(
      Effect.gen(function* () {
        const cores = Math.min(mostSchedulers, Math.max(2, availableParallelism()))
        return {
          port: yield* readNumber("CHAT_PORT", 0, 65_535, 8080),
          host: yield* read("CHAT_HOST", Schema.NonEmptyString, "an address or host name", "127.0.0.1"),
          schedulers: yield* readNumber("CHAT_SCHEDULERS", 1, mostSchedulers, cores),
          data: yield* read("CHAT_DATA", Schema.NonEmptyString, 'a folder, or ":memory:"', defaultData),
          origins: yield* readList("CHAT_ORIGINS", readOrigins, originsExpected),
          hosts: (yield* readList("CHAT_HOSTS", readHosts, hostsExpected)) ?? [],
          connectionsPerAddress: yield* readNumber("CHAT_CONNECTIONS_PER_ADDRESS", 1, mostConnections, 256),
          roomsPerAddress: yield* readNumber("CHAT_ROOMS_PER_ADDRESS", 1, mostRooms, 64),
          roomsPerConnection: yield* readNumber("CHAT_ROOMS_PER_CONNECTION", 1, mostRooms, 16)
        }
      })
    )
  )
}

/** Makes the data folder if there is none. Fails when it cannot be written to. */
export const prepareData = ({ data }: Settings): Result.Result<void, SettingsError> => {
  if (data === inMemory) return Result.void
  return Result.try({
    try: () => {
      mkdirSync(data, { recursive: true })
      accessSync(data, constants.W_OK)
    },
    catch: (error) => {
      const problem = error instanceof Error ? error.message : String(error)
      return new SettingsError({ variable: "CHAT_DATA", expected: `a folder to write to (${problem})`, actual: data })
    }
  })
}

/** The settings of this OS process; ends it with one line about it and exit code 1 when one cannot be meant. */
export const settingsOrExit = (): Settings => {
  const settings = Result.flatMap(readSettings(process.env), (settings) =>
    Result.map(prepareData(settings), () => settings)
  )
  if (Result.isSuccess(settings)) return settings.success
  console.error(settings.failure.message)
  process.exit(1)
}

/** The settings, as a service of every scheduler. */
export class ChatSettings extends Context.Service<ChatSettings, Settings>()("chat/Settings") {}
