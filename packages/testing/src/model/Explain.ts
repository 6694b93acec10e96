/** A history that is not linearisable, in words: what was done until the operation that cannot be explained, and what would have fit. */

import * as fc from "fast-check"
import { showClient, showCommand } from "./Commands.ts"
import type { Command, Outcome } from "./History.ts"
import type { NotLinearisable, Operation, Verdict } from "./Linearize.ts"

type Done = Operation<Command, Outcome>

/** Values as JavaScript writes them; of an error its class and its fields. */
const show = (value: unknown): string => {
  if (!(value instanceof Error)) return fc.stringify(value)
  const { _tag, ...fields } = value as Error & { readonly _tag?: unknown }
  return `${typeof _tag === "string" ? _tag : value.name} ${fc.stringify(Object.keys(fields).length === 0 ? value.message : fields)}`
}

const showOutcome = (outcome: Outcome | undefined): string => {
  if (outcome === undefined) return "something the model only knows when it sees it"
  return outcome._tag === "Returned" ? show(outcome.value) : `the error ${show(outcome.error)}`
}

/** The calls and returns in the order in which they happened. */
const eventsOf = ({ culprit, prefix }: NotLinearisable<unknown, Command, Outcome>): ReadonlyArray<string> => {
  const width = Math.max(...prefix.map(({ client }) => showClient(client).length))
  const who = ({ client }: Done) => showClient(client).padEnd(width)
  const events = prefix.flatMap((operation) => {
    const { calledAt, input, known, output, returnedAt } = operation
    const call = { at: calledAt, mark: " ", text: `${who(operation)}  calls ${showCommand(input)}` }
    if (known === "sent") return [{ ...call, text: `${who(operation)}  sends ${showCommand(input)}` }]
    if (known === "pending") return [{ ...call, text: `${call.text} (not answered by then)` }]
    const mark = isSame(operation, culprit) ? "*" : " "
    const got = `${who(operation)}  ${input.tag} answers ${showOutcome(output)}`
    return [call, { at: Number(returnedAt), mark, text: got }]
  })
  return events.sort((a, b) => a.at - b.at).map(({ at, mark, text }) => `${mark} ${String(at).padStart(3)}  ${text}`)
}

const isSame = (one: Done, other: Done): boolean => one.client === other.client && one.calledAt === other.calledAt

/** `expected`: the answers that the model has for a command in a state. */
export const explain = <State>(
  model: string,
  verdict: Verdict<State, Command, Outcome>,
  expected: (state: State, command: Command) => ReadonlyArray<Outcome | undefined>
): string | undefined => {
  if (verdict._tag !== "NotLinearisable") return undefined
  const { culprit, key, order, shortest, state } = verdict
  const answers = expected(state, culprit.input).map(showOutcome).join(", or ")
  const placed = order.map(({ input }) => showCommand(input)).join("; ")
  return [
    `${model} is not linearisable${key === undefined ? "" : ` (key ${fc.stringify(key)})`}: ${showClient(culprit.client)} got ` +
      `${showOutcome(culprit.output)} from ${showCommand(culprit.input)}, and no order of the operations until then explains that`,
    ...eventsOf(verdict),
    `The longest order the model allows: ${placed === "" ? "none" : placed}.`,
    `It leads to ${fc.stringify(state)}${order.some((one) => isSame(one, culprit)) ? "" : `, where ${culprit.input.tag} answers ${answers}`}.`,
    ...(shortest ? [] : ["An earlier answer may be at fault already: the budget was used up while looking for it."])
  ].join("\n")
}
