/** Processes that many send to at once. */
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { describe, expect } from "vitest"
import { fiberKind } from "../../src/fiber/Fibers.ts"
import { Process, System } from "../../src/index.ts"

const sendAll = Effect.fnUntraced(function* (to: Process.Pid<unknown>, messages: number) {
  for (let number = 0; number < messages; number++) yield* Process.send(to, number)
})

/** Gives the sum of the numbers, and how many messages waited at most. */
const takeAll = Effect.fnUntraced(function* (self: Process.Self<unknown>, messages: number) {
  let sum = 0
  let longest = 0
  for (let count = 0; count < messages; count++) {
    const number = yield* self.receive
    if (typeof number === "number") sum += number
    if (count % 1000 === 0) longest = Math.max(longest, (yield* Process.info(self.pid))?.messageQueueLength ?? 0)
  }
  return { sum, longest }
})

describe("a process that many send to", () => {
  // Fibers of Effect's public API give way as Effect has it
  it.live.skipIf(fiberKind === "public")("keeps up: what waits for it stays a fraction of what is sent", () =>
    Process.run((self) =>
      Effect.gen(function* () {
        const senders = 50
        const messages = 2000
        for (let count = 0; count < senders; count++) {
          yield* Process.spawn(Schema.Never, () => sendAll(self.pid, messages))
        }
        const { longest, sum } = yield* takeAll(self, senders * messages)
        expect(sum).toBe((senders * messages * (messages - 1)) / 2)
        // In equal turns, fifty senders would have sent nearly everything before a fiftieth was taken
        expect(longest).toBeLessThan((senders * messages) / 2)
      })
    ).pipe(Effect.provide(System.layer({ implementations: [] })))
  )
})
