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
  return Effect.runSync(
    Effect.result(
      Effect.gen(function* () {
        const port = yield* read("CHAT_PORT", wholeNumber(0, 65_535), "a whole number from 0 to 65535", 8080)
        const host = yield* read("CHAT_HOST", Schema.NonEmptyString, "an address or host name", "127.0.0.1")
        const schedulers = yield* read(
          "CHAT_SCHEDULERS",
          wholeNumber(1, mostSchedulers),
          `a whole number from 1 to ${mostSchedulers}`,
          Math.min(mostSchedulers, Math.max(2, availableParallelism()))
        )
        const data = yield* read("CHAT_DATA", Schema.NonEmptyString, 'a folder, or ":memory:"', defaultData)
        const expected = 'origins with commas between them, such as "https://chat.example"'
        const list = yield* read("CHAT_ORIGINS", Schema.NonEmptyString, expected, undefined)
        const origins = list === undefined ? undefined : readOrigins(list)
        if (list !== undefined && origins === undefined) {
          return yield* new SettingsError({ variable: "CHAT_ORIGINS", expected, actual: list })
        }
        return { port, host, schedulers, data, origins }
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
