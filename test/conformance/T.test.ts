// Catalogue area T: timers. The timer is away from the tester, who is sent to.
import { GenServer, Process } from "@understudy/core"
import { expect } from "vitest"
import { Puppet } from "./actors.ts"
import { expectNothing, forEachSystem } from "./systems.ts"

forEachSystem("T timers", ({ scenario, there }) => {
  scenario("T01 send_after delivers once", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, {}, there)
    // The first rounds are slow enough to hide a timer that is early
    for (let round = 0; round < 10; round++) {
      const start = performance.now()
      yield* puppet.sayLater({ to: tester.pid, word: round, milliseconds: 10 })
      expect(yield* tester.receive).toBe(round)
      // The clocks of two threads differ by less than this
      expect(performance.now() - start, `round ${round}`).toBeGreaterThanOrEqual(9)
    }
    yield* Process.sendAfter(tester.pid, "own", 10)
    yield* puppet.sayLater({ to: tester.pid, word: "later", milliseconds: 20 })
    expect([yield* tester.receive, yield* tester.receive].sort()).toEqual(["later", "own"])
    yield* expectNothing(tester)
  })

  scenario("T03 cancel before expiry", function* (tester) {
    const puppet = yield* GenServer.start(Puppet, {}, there)
    const ref = yield* puppet.sayLater({ to: tester.pid, word: "never", milliseconds: 1000 })
    const left = yield* puppet.cancelTimer({ ref })
    expect(left).toBeLessThanOrEqual(1000)
    expect(left).toBeGreaterThan(900)
    expect(Number.isInteger(left)).toBe(true)
    expect(yield* puppet.cancelTimer({ ref })).toBe(null)
    // A cancelled timer that would have been due before a later one says nothing
    const soon = yield* puppet.sayLater({ to: tester.pid, word: "never", milliseconds: 20 })
    expect(yield* puppet.cancelTimer({ ref: soon })).not.toBe(null)
    yield* puppet.sayLater({ to: tester.pid, word: "later", milliseconds: 40 })
    expect(yield* tester.receive).toBe("later")
    yield* expectNothing(tester)
  })
})
