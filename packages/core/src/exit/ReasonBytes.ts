/** Exit reasons in bytes. No signal and no answer is lost by the reason that it carries. */
import type { ByteReader, ByteWriter } from "../wire/Bytes.ts"
import { readAny, writeAny } from "../wire/Portable.ts"
import { died, type ExitReason, isExitReason } from "./ExitReason.ts"

/** Appends a reason, as it is portable. */
export const writeReason = (writer: ByteWriter, reason: ExitReason): void => writeAny(writer, reason)

/** Reads what {@link writeReason} wrote. What cannot be read here is a reason that says so. */
export const readReason = (reader: ByteReader): ExitReason => {
  let cause: unknown
  try {
    const reason = readAny(reader)
    if (isExitReason(reason)) return reason
  } catch (error) {
    cause = error
  }
  return died(new Error("the exit reason could not be read on this scheduler", { cause }))
}
