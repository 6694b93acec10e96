/** Answers between schedulers: how a call ended, as bytes. */
import * as Exit from "effect/Exit"
import type { AnswerCodec, Refusal } from "../address/Reply.ts"
import * as ExitReason from "../exit/ExitReason.ts"
import { readReason, writeReason } from "../exit/ReasonBytes.ts"
import type { ByteReader, ByteWriter } from "../wire/Bytes.ts"

/** How an answer is written, by outcome. */
const answered = 0
const failed = 1
const gone = 2
const defect = 3
const refused = 4

/** Writes a success or a failure. Throws when it cannot be written. */
export const writeAnswer = (codec: AnswerCodec, exit: Exit.Exit<unknown, unknown>, writer: ByteWriter): void => {
  if (Exit.isSuccess(exit)) {
    writer.u8(answered)
    codec.success.encode(exit.value, writer)
    return
  }
  for (const reason of exit.cause.reasons) {
    if (reason._tag !== "Fail") continue
    writer.u8(failed)
    codec.error.encode(reason.error, writer)
    return
  }
  writer.u8(defect)
  writeReason(writer, ExitReason.fromCause(exit.cause))
}

/** Writes that the callee does not take the call. */
export const writeRefusal = (contract: string, problem: Refusal, writer: ByteWriter): void => {
  writer.u8(refused)
  writer.string(contract)
  writer.u8(problem === "no-handler" ? 1 : 0)
}

/** Writes that the callee is gone. */
export const writeDown = (reason: ExitReason.ExitReason, writer: ByteWriter): void => {
  writer.u8(gone)
  writeReason(writer, reason)
}

/** Reads what a {@link RemoteReply} wrote. */
export const readAnswer = (
  codec: AnswerCodec,
  reader: ByteReader,
  down: (reason: ExitReason.ExitReason) => Exit.Exit<unknown, unknown>,
  refusal?: (contract: string, problem: Refusal) => Exit.Exit<unknown, unknown>
): Exit.Exit<unknown, unknown> => {
  switch (reader.u8()) {
    case answered:
      return Exit.succeed(codec.success.decode(reader))
    case failed:
      return Exit.fail(codec.error.decode(reader))
    case refused: {
      const contract = reader.string()
      const problem = reader.u8() === 1 ? "no-handler" : "other-contract"
      return refusal?.(contract, problem) ?? down(ExitReason.noProcess)
    }
    case gone:
      return down(readReason(reader))
    default: {
      const reason = readReason(reader)
      return Exit.die(reason._tag === "Died" ? reason.defect : reason)
    }
  }
}
