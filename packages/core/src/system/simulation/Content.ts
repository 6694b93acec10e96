/** What messages say, for stories. */
import { CallMessage, CastMessage, TerminateMessage } from "../../behaviour/Protocol.ts"

/** A message, and of which kind it is. */
export interface Content {
  readonly kind: "message" | "cast" | "call"
  /** Of a call or a cast its method and its payload. */
  readonly message: unknown
}

/** What a message says, and of which kind it is. */
export const contentOf = (message: unknown): Content => {
  if (message instanceof TerminateMessage) {
    return { kind: "call", message: { method: "terminate", payload: { reason: message.reason } } }
  }
  const isCall = message instanceof CallMessage
  if (!isCall && !(message instanceof CastMessage)) return { kind: "message", message }
  const { method, payload } = message
  const said = { method: method.tag, payload: method.hasPayload ? payload : undefined }
  return { kind: isCall ? "call" : "cast", message: said }
}
