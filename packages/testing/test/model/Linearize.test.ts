import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { check, type Operation, type Specification, undetermined, type Verdict } from "../../src/model/Linearize.ts"
import { type Did, lock, type Op, op, pending, queue, register, sent, store } from "./histories.ts"

const read = { op: "read" }
const write = (value: number) => ({ op: "write", value })
const cas = (from: number, value: number) => ({ op: "cas", from, value })
const put = (value: unknown) => ({ op: "put", value })
const take = { op: "take" }

/** Histories by name, and whether they are linearisable. */
interface Known<S> {
  readonly title: string
  readonly specification: Specification<S, Did, unknown>
  readonly history: ReadonlyArray<Op>
  readonly right: boolean
}

const known = <S>(
  title: string,
  specification: Specification<S, Did, unknown>,
  right: boolean,
  ...history: ReadonlyArray<Op>
): Known<never> => ({ title, specification, history, right }) as unknown as Known<never>

const histories = [
  known("an empty history", register, true),
  known(
    "a read while two writes run may see either of them",
    register,
    true,
    op(1, write(1), 0, 10),
    op(2, write(2), 1, 9),
    op(3, read, 2, 3, 2),
    op(3, read, 4, 5, 1)
  ),
  // Porcupine's TestRegisterModel: one read sees the write early, the other does not and ends before the first begins
  known(
    "a write that one read sees, and a read before it that does not",
    register,
    true,
    op(0, write(100), 0, 100),
    op(1, read, 25, 75, 100),
    op(2, read, 30, 60, 0)
  ),
  known(
    "a read that goes back behind what another read has seen",
    register,
    false,
    op(0, write(200), 0, 100),
    op(1, read, 10, 30, 200),
    op(2, read, 40, 90, 0)
  ),
  known("a stale read after a write has returned", register, false, op(1, write(1), 0, 1), op(2, read, 2, 3, 0)),
  known("a read of what nobody wrote", register, false, op(1, write(1), 0, 5), op(2, read, 1, 3, 7)),
  known(
    "two reads that see two writes in different orders",
    register,
    false,
    op(1, write(1), 0, 10),
    op(2, write(2), 0, 10),
    op(3, read, 11, 12, 1),
    op(4, read, 13, 14, 2)
  ),
  known("a call and a return at one instant overlap", register, true, op(1, write(1), 0, 5), op(2, read, 5, 6, 0)),
  known(
    "of two compare-and-sets of the same value one wins",
    register,
    true,
    op(1, cas(0, 1), 0, 5, true),
    op(2, cas(0, 2), 1, 6, false),
    op(3, read, 7, 8, 1)
  ),
  known(
    "two compare-and-sets of the same value that both win",
    register,
    false,
    op(1, cas(0, 1), 0, 5, true),
    op(2, cas(0, 2), 1, 6, true)
  ),
  known("a compare-and-set that fails though nobody else wrote", register, false, op(1, cas(0, 1), 0, 5, false)),
  known(
    "a queue whose puts overlap gives them in either order",
    queue,
    true,
    op(1, put("a"), 0, 5),
    op(2, put("b"), 1, 4),
    op(3, take, 6, 7, "b"),
    op(3, take, 8, 9, "a")
  ),
  known(
    "a queue that gives the later one first",
    queue,
    false,
    op(1, put("a"), 0, 1),
    op(1, put("b"), 2, 3),
    op(2, take, 4, 5, "b")
  ),
  known(
    "a queue that gives one value twice",
    queue,
    false,
    op(1, put("a"), 0, 1),
    op(2, take, 2, 5, "a"),
    op(3, take, 3, 6, "a")
  ),
  known(
    "a queue that is empty though a put had returned",
    queue,
    false,
    op(1, put("a"), 0, 1),
    op(2, take, 2, 3, undefined)
  ),
  known(
    "a queue that is empty while its only put runs",
    queue,
    true,
    op(1, put("a"), 0, 9),
    op(2, take, 2, 3, undefined),
    op(2, take, 4, 5, "a")
  ),
  known(
    "a lock that is passed on",
    lock,
    true,
    op(1, { op: "acquire", value: 1 }, 0, 1, true),
    op(2, { op: "acquire", value: 2 }, 2, 3, false),
    op(1, { op: "release", value: 1 }, 4, 9, true),
    op(2, { op: "acquire", value: 2 }, 5, 6, true)
  ),
  known(
    "a lock that two hold",
    lock,
    false,
    op(1, { op: "acquire", value: 1 }, 0, 5, true),
    op(2, { op: "acquire", value: 2 }, 1, 6, true)
  ),
  known(
    "a lock that is released by another",
    lock,
    false,
    op(1, { op: "acquire", value: 1 }, 0, 1, true),
    op(2, { op: "release", value: 2 }, 2, 3, true)
  ),
  known(
    "keys of a store do not affect each other",
    store,
    true,
    op(1, { op: "append", key: "x", value: "1" }, 0, 10),
    op(2, { op: "append", key: "y", value: "2" }, 1, 9),
    op(3, { op: "get", key: "y" }, 2, 3, "2"),
    op(3, { op: "get", key: "x" }, 4, 5, "")
  ),
  known(
    "an append that got lost",
    store,
    false,
    op(1, { op: "append", key: "x", value: "1" }, 0, 1),
    op(2, { op: "append", key: "x", value: "2" }, 2, 3),
    op(3, { op: "get", key: "x" }, 4, 5, "2")
  ),
  known("an unanswered write that was seen", register, true, pending(1, write(1), 0), op(2, read, 5, 6, 1)),
  known(
    "an unanswered write that never happened",
    register,
    true,
    pending(1, write(1), 0),
    op(2, read, 5, 6, 0),
    op(2, read, 7, 8, 0)
  ),
  known(
    "an unanswered write that happens late",
    register,
    true,
    pending(1, write(1), 0),
    op(2, read, 5, 6, 0),
    op(2, read, 7, 8, 1)
  ),
  known(
    "an unanswered write that happens, and then did not",
    register,
    false,
    pending(1, write(1), 0),
    op(2, read, 5, 6, 1),
    op(2, read, 7, 8, 0)
  ),
  known(
    "an unanswered write that was seen before its call",
    register,
    false,
    op(2, read, 0, 1, 1),
    pending(1, write(1), 2)
  ),
  known(
    "an unanswered take is one value at most",
    queue,
    false,
    op(1, put("a"), 0, 1),
    op(1, put("b"), 2, 3),
    op(1, put("c"), 4, 5),
    pending(2, take, 6),
    op(3, take, 7, 8, "c")
  ),
  known("a cast is done before what its client asks next", register, false, sent(1, write(1), 0), op(1, read, 1, 2, 0)),
  known(
    "a cast is done after others have seen that it is not",
    register,
    true,
    sent(1, write(1), 0),
    op(2, read, 1, 2, 0),
    op(2, read, 3, 4, 1),
    op(1, read, 5, 6, 1)
  ),
  known(
    "two casts of a client in the other order",
    register,
    false,
    sent(1, write(1), 0),
    sent(1, write(2), 1),
    op(2, read, 2, 3, 2),
    op(1, read, 4, 5, 1)
  ),
  known("a cast nobody asks about", register, true, sent(1, write(1), 0))
]

describe("linearisability of known histories", () => {
  for (const { history, right, specification, title } of histories) {
    it(`${right ? "accepts" : "refuses"}: ${title}`, () => {
      expect(check(specification, history)._tag).toBe(right ? "Linearisable" : "NotLinearisable")
      // The order in which a history is written down does not matter
      expect(check(specification, history.toReversed())._tag).toBe(right ? "Linearisable" : "NotLinearisable")
    })
  }
})

// --- against all orders ----------------------------------------------------------------------------------------------

/** Tries every order of every subset that a history allows: slow, and simple enough to be believed. */
const bruteForce = <S, I, O>(
  { init, step }: Specification<S, I, O>,
  history: ReadonlyArray<Operation<I, O>>
): boolean => {
  const isBefore = (a: Operation<I, O>, b: Operation<I, O>) =>
    a.known === "answered"
      ? Number(a.returnedAt) < b.calledAt
      : a.known === "sent" && a.client === b.client && a.calledAt < b.calledAt
  const orders = (states: ReadonlyArray<S>, rest: ReadonlyArray<Operation<I, O>>): boolean => {
    if (rest.every(({ known }) => known !== "answered")) return true
    return rest.some((operation) => {
      const others = rest.filter((one) => one !== operation)
      if (others.some((other) => isBefore(other, operation))) return false
      const seen = operation.known === "answered" ? { output: operation.output as O } : undefined
      const after = states.flatMap((state) => step(state, operation.input, seen) as ReadonlyArray<S>)
      return after.length > 0 && orders(after, others)
    })
  }
  return orders([init], history)
}

/** Histories of clients that each do one thing after the other, with outputs that are right about as often as not. */
const randomHistory = (input: fc.Arbitrary<Did>, output: fc.Arbitrary<unknown>): fc.Arbitrary<ReadonlyArray<Op>> => {
  const step = fc.record({
    input,
    output,
    gap: fc.integer({ min: 1, max: 4 }),
    takes: fc.integer({ min: 0, max: 6 }),
    known: fc.oneof(
      { weight: 6, arbitrary: fc.constant("answered" as const) },
      { weight: 1, arbitrary: fc.constant("pending" as const) },
      { weight: 1, arbitrary: fc.constant("sent" as const) }
    )
  })
  return fc.array(fc.array(step, { maxLength: 3 }), { maxLength: 3 }).map((clients) =>
    clients.flatMap((steps, client) => {
      let now = 0
      return steps.map(({ gap, input, known, output, takes }): Op => {
        const calledAt = now + gap
        now = calledAt + takes
        return known === "answered" ? op(client, input, calledAt, now, output) : { client, input, known, calledAt }
      })
    })
  )
}

const values = fc.integer({ min: 0, max: 2 })
const registerHistories = randomHistory(
  fc.oneof(
    fc.constant<Did>(read),
    values.map((value): Did => write(value)),
    fc.tuple(values, values).map(([from, to]): Did => cas(from, to))
  ),
  fc.constantFrom(undefined, true, false, 0, 1, 2)
).map((history) =>
  // Outputs that could be: a write never answers a number
  history.map((one) =>
    one.known !== "answered"
      ? one
      : {
          ...one,
          output:
            one.input.op === "write"
              ? undefined
              : one.input.op === "cas"
                ? one.output === true || one.output === 1
                : Number(one.output ?? 0)
        }
  )
)
const queueHistories = randomHistory(
  fc.oneof(
    fc.constant<Did>(take),
    values.map((value): Did => put(value))
  ),
  fc.constantFrom(undefined, 0, 1, 2)
).map((history) =>
  history.map((one) => (one.known === "answered" && one.input.op === "put" ? { ...one, output: undefined } : one))
)

/** How the checker's verdict and brute force compare over many histories; both verdicts must come up. */
const compare = <S>(
  specification: Specification<S, Did, unknown>,
  histories: fc.Arbitrary<ReadonlyArray<Op>>
): void => {
  const seen = { Linearisable: 0, NotLinearisable: 0, Unknown: 0 }
  fc.assert(
    fc.property(histories, (history) => {
      const verdict = check(specification, history)
      seen[verdict._tag]++
      expect(verdict._tag).toBe(bruteForce(specification, history) ? "Linearisable" : "NotLinearisable")
      if (verdict._tag === "Linearisable") expectsOrder(specification, verdict)
      else expectsShortest(specification, history, verdict)
    }),
    { numRuns: 2000 }
  )
  expect(seen.Linearisable).toBeGreaterThan(100)
  expect(seen.NotLinearisable).toBeGreaterThan(100)
}

/** The order that is given as the reason is one the specification allows. */
const expectsOrder = <S>({ init, step }: Specification<S, Did, unknown>, verdict: Verdict<S, Did, unknown>): void => {
  if (verdict._tag !== "Linearisable") return
  for (const order of verdict.orders) {
    let states: ReadonlyArray<S> = [init]
    for (const { input, known, output } of order) {
      const seen = known === "answered" ? { output } : undefined
      states = states.flatMap((state) => step(state, input, seen) as ReadonlyArray<S>)
    }
    expect(states).not.toEqual([])
  }
}

/** What is given as the shortest prefix fails, and does not any more when its culprit is not answered. */
const expectsShortest = <S>(
  specification: Specification<S, Did, unknown>,
  history: ReadonlyArray<Op>,
  verdict: Verdict<S, Did, unknown>
): void => {
  if (verdict._tag !== "NotLinearisable") return
  const { culprit, prefix } = verdict
  expect(history).toContain(culprit)
  expect(bruteForce(specification, prefix)).toBe(false)
  const unanswered = prefix.map((one) =>
    one.known === "answered" && one.returnedAt === culprit.returnedAt ? { ...one, known: "pending" as const } : one
  )
  expect(bruteForce(specification, unanswered)).toBe(true)
}

describe("linearisability of random histories", () => {
  it("agrees with trying all orders, for registers", () => compare(register, registerHistories))
  it("agrees with trying all orders, for queues", () => compare(queue, queueHistories))
  it("agrees with trying all orders where the specification leaves a choice", () =>
    // A register whose writes may get lost
    compare(
      {
        ...register,
        step: (state, input, seen) =>
          input.op === "write" ? [state, Number(input.value)] : register.step(state, input, seen)
      },
      registerHistories
    ))
})

// --- limits and explanations -----------------------------------------------------------------------------------------

/** Many overlapping adds of different amounts: their sums are nearly all different, so that the memo does not help. */
const hard = (count: number): ReadonlyArray<Op> => [
  ...Array.from({ length: count }, (_, client) => op(client, { op: "add", value: 2 ** client }, 0, 100)),
  op(count, read, 101, 102, -1)
]

describe("limits", () => {
  it("says unknown, and not a failure, when the budget is used up", () => {
    expect(check(register, hard(20), { budget: 1000 })).toEqual({ _tag: "Unknown", reason: "budget", nodes: 1000 })
    expect(check(register, hard(5))._tag).toBe("NotLinearisable")
  })

  it("finds a failure of one key although another key's budget is used up", () => {
    const byKey = { ...register, partition: ({ key }: Did) => key }
    const history = [...hard(20), op(1, { op: "read", key: "x" }, 0, 1, 5)]
    expect(check(byKey, history, { budget: 1000 })).toMatchObject({ _tag: "NotLinearisable", key: "x" })
  })

  it("checks hundreds of operations of many clients that follow each other", () => {
    const history = Array.from({ length: 600 }, (_, index) => [
      op(index % 7, write(index), index * 4, index * 4 + 5),
      op((index + 3) % 7, read, index * 4 + 6, index * 4 + 7, index)
    ]).flat()
    expect(check(register, history)._tag).toBe("Linearisable")
  })

  it("says unknown when an unanswered operation's effect cannot be told, and something depends on it", () => {
    const tickets: Specification<number, Did, unknown> = {
      init: 0,
      step: (last, { op }, seen) => {
        if (op === "last") return seen === undefined || seen.output === last ? [last] : []
        return seen === undefined ? undetermined : Number(seen.output) > last ? [Number(seen.output)] : []
      }
    }
    const draw = { op: "draw" }
    const last = { op: "last" }
    expect(check(tickets, [op(1, draw, 0, 1, 7), op(1, last, 2, 3, 7)])._tag).toBe("Linearisable")
    expect(check(tickets, [op(1, draw, 0, 1, 7), op(1, last, 2, 3, 8)])._tag).toBe("NotLinearisable")
    expect(check(tickets, [pending(1, draw, 0), op(1, last, 2, 3, 8)])).toMatchObject({ reason: "undetermined" })
  })

  it.each([
    ["a time of return before the call", [op(1, read, 5, 4, 0)], {}, /returns at 4, before its call at 5/],
    ["no time of return", [{ ...op(1, read, 5, 6), returnedAt: undefined }], {}, /no time of its return/],
    ["a budget of 0", [], { budget: 0 }, /budget: expected a whole number from 1 on/]
  ])("refuses %s", (_, history, options, message) => {
    expect(() => check(register, history as ReadonlyArray<Op>, options)).toThrow(message)
  })
})

describe("explanations", () => {
  it("names the first operation whose answer no order explains, and what was known until then", () => {
    const history = [
      op(1, write(1), 0, 1),
      op(2, write(2), 2, 10),
      op(3, read, 3, 4, 2),
      op(1, read, 5, 6, 1),
      op(3, read, 20, 21, 9)
    ]
    const verdict = check(register, history)
    expect(verdict).toMatchObject({ _tag: "NotLinearisable", shortest: true, culprit: { client: 1, calledAt: 5 } })
    if (verdict._tag !== "NotLinearisable") return
    // The write of 2 had not returned by then
    expect(verdict.prefix.map(({ known }) => known)).toEqual(["answered", "pending", "answered", "answered"])
    expect(verdict.order.map(({ input }) => input)).toEqual([write(1), write(2), read])
    expect(verdict.state).toBe(2)
  })

  it("says which key it is", () => {
    const verdict = check(store, [
      op(1, { op: "put", key: "x", value: "1" }, 0, 1),
      op(1, { op: "put", key: "y", value: "2" }, 2, 3),
      op(2, { op: "get", key: "y" }, 4, 5, "1")
    ])
    expect(verdict).toMatchObject({ _tag: "NotLinearisable", key: "y", culprit: { client: 2 } })
  })
})
