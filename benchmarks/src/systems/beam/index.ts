import * as Effect from "effect/Effect"
import { system } from "../../System.ts"

export const beam = system<string>({
  kind: "anchor",
  programs: {},
  start: () => Effect.die(new Error("not yet"))
})
