/** The byte encoding of exit reasons. It never fails, so that no signal or answer is lost because of the value its reason holds. */
import type { ByteReader, ByteWriter } from "../wire/Bytes.ts"
import { readAny, writeAny } from "../wire/Portable.ts"
import { died, type ExitReason, isExitReason } from "./ExitReason.ts"

/** Appends the portable copy of a reason. */
export const writeReason = (writer: ByteWriter, reason: ExitReason): void => writeAny(writer, reason)

/** Reads what {@link writeReason} wrote. Bytes that cannot be read give a `Died` reason with an error that says so. */
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
