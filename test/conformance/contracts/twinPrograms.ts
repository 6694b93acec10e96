/** The programs of systems that have a module twice: each has the implementations of one evaluation. */
import { Registry } from "@understudy/registry"
import { Supervisor } from "@understudy/supervisor"
import * as Logger from "effect/Logger"
import { BrokerLive } from "./actors.ts"
import * as changed from "./changed.ts"
import * as one from "./twins.ts"

/** The same module, evaluated again. The path is no literal: types know nothing of queries. */
const again = (await import(/* @vite-ignore */ `${"./twins.ts"}?again`)) as typeof one

/** Both evaluations. */
export const versions = { one, again } as const

/** What a contract and its code come from. */
export type Version = keyof typeof versions

const programOf = (version: Version) => {
  const { accountLive, BankLive, TellerLive } = versions[version]
  const other = versions[version === "one" ? "again" : "one"]
  return {
    implementations: [
      // Its servers register themselves by the other evaluation's registry
      accountLive(other.accounts),
      BankLive,
      TellerLive,
      BrokerLive,
      Supervisor.implementation,
      Registry.implementation
    ],
    layer: Logger.layer([Logger.make(() => undefined)])
  }
}

/** By whose code the servers run: with what a later version has, that of the first evaluation is replaced. */
export const programs = {
  one: programOf("one"),
  again: programOf("again"),
  changed: { ...programOf("one"), implementations: [changed.AccountLive, ...programOf("one").implementations] }
}
