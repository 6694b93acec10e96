// The type tests' own footing: the packages' public modules resolve to their sources, under the project's strict settings.
import type * as Core from "@understudy/core"
import { describe, expectTypeOf, it } from "vitest"

describe("the type tests", () => {
  it("see the packages' types, not any", () => {
    expectTypeOf<typeof Core>().not.toBeAny()
  })

  it("are checked with exactOptionalPropertyTypes", () => {
    // @ts-expect-error undefined is not the same as absent
    const value: { readonly optional?: string } = { optional: undefined }
    expectTypeOf(value).toBeObject()
  })
})
