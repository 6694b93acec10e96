/** Histories to check a checker with: well-known objects as specifications, and a way to write histories down. */

import type { Operation, Seen, Specification } from "../../src/model/Linearize.ts"

/** An operation and what it answered. */
export interface Did {
  readonly op: string
  readonly value?: unknown
  /** Of a compare-and-set: what was expected. */
  readonly from?: unknown
  readonly key?: string
}

export type Op = Operation<Did, unknown>

/** One that was called and answered at these times. */
export const op = (client: number, input: Did, calledAt: number, returnedAt: number, output?: unknown): Op => ({
  client,
  input,
  known: "answered",
  calledAt,
  returnedAt,
  output
})

/** One that was called, and of which nobody knows what became. */
export const pending = (client: number, input: Did, calledAt: number): Op => ({
  client,
  input,
  known: "pending",
  calledAt
})

/** A cast. */
export const sent = (client: number, input: Did, calledAt: number): Op => ({ client, input, known: "sent", calledAt })

/** The next state, if the output that was seen is the right one. */
const when = <S>(seen: Seen<unknown> | undefined, output: unknown, next: S): ReadonlyArray<S> =>
  seen === undefined || Object.is(seen.output, output) ? [next] : []

/** read, write, compare-and-set and add on one number that begins as 0. */
export const register: Specification<number, Did, unknown> = {
  init: 0,
  step: (state, { from, op, value }, seen) => {
    switch (op) {
      case "read":
        return when(seen, state, state)
      case "write":
        return when(seen, undefined, Number(value))
      case "add":
        return when(seen, undefined, state + Number(value))
      default:
        return state === from ? when(seen, true, Number(value)) : when(seen, false, state)
    }
  }
}

/** First in, first out; `take` of an empty queue answers undefined. */
export const queue: Specification<ReadonlyArray<unknown>, Did, unknown> = {
  init: [],
  step: (state, { op, value }, seen) =>
    op === "put" ? when(seen, undefined, [...state, value]) : when(seen, state[0], state.slice(1))
}

/** acquire answers whether it was free; release, whether the one who asks held it. `value` says who asks. */
export const lock: Specification<unknown, Did, unknown> = {
  init: undefined,
  step: (holder, { op, value }, seen) => {
    if (op === "acquire") return holder === undefined ? when(seen, true, value) : when(seen, false, holder)
    return holder === value ? when(seen, true, undefined) : when(seen, false, holder)
  }
}

/** put, append and get of texts by key, as in Porcupine's key-value model. */
export const store: Specification<string, Did, unknown> = {
  init: "",
  partition: ({ key }) => key,
  step: (state, { op, value }, seen) => {
    if (op === "get") return when(seen, state, state)
    return when(seen, undefined, op === "put" ? String(value) : state + String(value))
  }
}
