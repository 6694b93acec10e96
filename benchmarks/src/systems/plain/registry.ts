/**
 * W12 without any system: names in a `Map`. Nobody takes an entry out when an actor has ended, and no other thread sees one.
 */
import { collectGarbage } from "../../measure.ts"
import { check, type PeerParameters, type PeerPrograms, ratePerSecond } from "../PeerPrograms.ts"
import { Actor, run } from "./Plain.ts"

interface Entry {
  readonly actor: Actor<never>
  readonly value: undefined
}

const holder = new Actor<never>(() => undefined)

const registerAll = (all: ReadonlyArray<string>): ReadonlyMap<string, Entry> => {
  const entries = new Map<string, Entry>()
  for (const name of all) entries.set(name, { actor: holder, value: undefined })
  return entries
}

const namesOf = ({ names }: PeerParameters["registry-lookup"]): ReadonlyArray<string> =>
  Array.from({ length: names }, (_, index) => `name-${index}`)

const lookup = async (parameters: PeerParameters["registry-lookup"]): Promise<number> => {
  const all = namesOf(parameters)
  const entries = registerAll(all)
  collectGarbage()
  const lookups = all.length * parameters.times
  let found = 0
  const perSecond = await ratePerSecond(lookups, () => {
    for (let time = 0; time < parameters.times; time++) {
      for (const name of all) if (entries.get(name)?.actor === holder) found++
    }
  })
  check("found names", lookups, found)
  return perSecond
}

/** Names. An entry is looked up, whichever of its parts is asked for. */
export const registry = {
  "registry-register": async (parameters) => {
    const all = namesOf(parameters)
    let entries: ReadonlyMap<string, Entry> = new Map()
    const perSecond = await ratePerSecond(all.length, () => {
      entries = registerAll(all)
    })
    check("entries", all.length, entries.size)
    return perSecond
  },
  "registry-lookup": lookup,
  "registry-whereis": lookup,
  "registry-dispatch": async ({ processes, times }) => {
    const topics = new Map<string, Array<Actor<Actor<"answer">>>>([["topic", []]])
    for (let count = 0; count < processes; count++) topics.get("topic")?.push(new Actor((from) => from.send("answer")))
    collectGarbage()
    let answers = 0
    const teller = new Actor<"answer">(() => answers++)
    const perSecond = await ratePerSecond(processes * times, () => {
      for (let time = 0; time < times; time++) {
        for (const listener of topics.get("topic") ?? []) listener.send(teller)
        run()
      }
    })
    check("answers", processes * times, answers)
    return perSecond
  }
} satisfies PeerPrograms
