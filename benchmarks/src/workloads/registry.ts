/**
 * W12: the registry. One process registers 100,000 unique names and looks them up; and 10,000 processes under one
 * duplicate key are told something, and each answers.
 */
import { workload } from "../Workload.ts"

const names = { full: { names: 100_000, times: 5 }, smoke: { names: 2_000, times: 2 } }

export const registry = {
  "registry-register": workload({
    id: "W12",
    name: "register 100k unique names",
    figures: "operations/s",
    parameters: names
  }),
  "registry-lookup": workload({
    id: "W12",
    name: "look up an entry by its name",
    figures: "operations/s",
    parameters: names
  }),
  "registry-whereis": workload({
    id: "W12",
    name: "look up a process by its name",
    figures: "operations/s",
    parameters: names
  }),
  "registry-dispatch": workload({
    id: "W12",
    name: "dispatch to 10k duplicates, each answers",
    figures: "messages/s",
    parameters: { full: { processes: 10_000, times: 20 }, smoke: { processes: 500, times: 2 } }
  })
}
