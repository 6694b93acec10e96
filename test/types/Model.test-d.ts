// What a model says of a contract's messages is checked against their schemas.
import { GenServer } from "@understudy/core"
import { Model } from "@understudy/testing"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { describe, expectTypeOf, it } from "vitest"

class Missing extends Schema.TaggedError<Missing>()("Missing", { key: Schema.String }) {}

const Store = GenServer.define("types/Store", {
  args: {},
  protocol: {
    put: GenServer.call({ payload: { key: Schema.String, value: Schema.Int } }),
    get: GenServer.call({ payload: { key: Schema.String }, success: Schema.Int, error: Missing }),
    size: GenServer.call({ success: Schema.UndefinedOr(Schema.Int) }),
    clear: GenServer.cast({ key: Schema.String })
  }
})

const init = (): number | undefined => undefined

describe("a model", () => {
  it("knows payloads, replies and errors", () => {
    const model = Model.of(Store, {
      init,
      commands: {
        put: { step: (_, { value }) => Model.returns(value, undefined) },
        get: {
          payload: { key: fc.constantFrom("a", "b") },
          step: (value, { key }) => {
            expectTypeOf(value).toEqualTypeOf<number | undefined>()
            expectTypeOf(key).toEqualTypeOf<string>()
            return value === undefined ? Model.fails(value, new Missing({ key })) : Model.returns(value, value)
          }
        },
        size: {
          step: (value) => [Model.returns(value, 1), Model.replies(value, (size: number | undefined) => size !== 2)]
        },
        clear: { step: () => Model.returns(undefined, undefined) }
      },
      partition: (payload, tag) => ("key" in payload ? payload.key : tag),
      invariant: (value) => value !== 7
    })
    expectTypeOf(model).toEqualTypeOf<Model.Model<(typeof Store)["protocol"], number | undefined>>()
  })

  it("refuses replies, errors, payloads and messages that the contract does not have", () => {
    // @ts-expect-error: get answers a number
    Model.of(Store, { init, commands: { get: { step: (value) => Model.returns(value, "one") } } })
    // @ts-expect-error: put has no typed error
    Model.of(Store, { init, commands: { put: { step: (value) => Model.fails(value, new Missing({ key: "a" })) } } })
    // @ts-expect-error: the next state is no text
    Model.of(Store, { init, commands: { put: { step: () => Model.returns("one", undefined) } } })
    const payload = { key: fc.nat() }
    // @ts-expect-error: keys are texts
    Model.of(Store, { init, commands: { clear: { payload, step: () => Model.returns(1, undefined) } } })
    // @ts-expect-error: there is no such message
    Model.of(Store, { init, commands: { pop: { step: () => Model.returns(1, undefined) } } })
  })
})
