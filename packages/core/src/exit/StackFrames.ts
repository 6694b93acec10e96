/**
 * The stack frames that Effect records for a fiber: functions made by `Effect.fn` and spans, each with the line of its
 * call.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import type { StackFrame } from "effect/References"

/** The maximum number of frames in a text. */
const maxFrames = 10

/** The frames as lines of a stack, the innermost first; empty when there are none. */
export const framesText = (frame: StackFrame | undefined): string => {
  const lines: Array<string> = []
  for (let at = frame; at !== undefined && lines.length < maxFrames; at = at.parent) {
    // "at name (file:1:2)", "at file:1:2", or nothing
    const line = at.stack()
    const location = line === undefined ? undefined : (/\((.*)\)$/.exec(line)?.[1] ?? line.replace(/^at /, ""))
    lines.push(location === undefined ? `    at ${at.name}` : `    at ${at.name} (${location})`)
  }
  return lines.join("\n")
}

/** The frames of a fiber where it failed, as lines of a stack. */
export const framesOf = (reason: Cause.Reason<unknown>): string =>
  framesText(Context.getOrUndefined(Cause.reasonAnnotations(reason), Cause.StackTrace))
