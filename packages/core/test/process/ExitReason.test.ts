import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import { describe, expect, it } from "vitest"
import * as ExitReason from "../../src/exit/ExitReason.ts"

describe("ExitReason", () => {
  it("a success ends a process normally", () => {
    expect(ExitReason.fromExit(Exit.succeed(1))).toEqual(ExitReason.normal)
  })

  it("a typed failure keeps its value, without a stack", () => {
    expect(ExitReason.fromExit(Exit.fail({ code: 7 }))).toEqual({ _tag: "Failed", error: { code: 7 } })
  })

  it("a defect keeps its error and its stack", () => {
    const defect = new Error("boom")
    expect(ExitReason.fromExit(Exit.die(defect))).toEqual({ _tag: "Died", defect, stack: defect.stack })
  })

  it("an interruption that carries a reason ends with that reason, even beside a defect of a finalizer", () => {
    const cause = Cause.combine(ExitReason.toCause(ExitReason.shutdownWith("upgrade")), Cause.die("late"))
    expect(ExitReason.fromCause(cause)).toEqual({ _tag: "Shutdown", detail: "upgrade" })
  })

  it("an interruption without a reason is a shutdown", () => {
    expect(ExitReason.fromCause(Cause.interrupt())).toEqual(ExitReason.shutdown)
  })

  it("kill is not killed, and shutdown with a detail is not abnormal", () => {
    expect(ExitReason.kill).not.toEqual(ExitReason.killed)
    const abnormal = [
      ExitReason.kill,
      ExitReason.killed,
      ExitReason.noProcess,
      ExitReason.schedulerDown(1),
      ExitReason.failed(1)
    ]
    expect(abnormal.map(ExitReason.isAbnormal)).toEqual(abnormal.map(() => true))
    const benign = [ExitReason.normal, ExitReason.shutdown, ExitReason.shutdownWith(1)]
    expect(benign.map(ExitReason.isAbnormal)).toEqual(benign.map(() => false))
  })

  it("every reason has a text for people", () => {
    expect(ExitReason.format(ExitReason.failed({ a: 1 }))).toBe("failed: { a: 1 }")
    expect(ExitReason.format(ExitReason.died(new TypeError("x")))).toBe("died: TypeError: x")
    expect(ExitReason.format(ExitReason.schedulerDown(3))).toBe("scheduler 3 is down")
  })
})
