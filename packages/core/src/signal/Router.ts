/** The way to other schedulers. */
import type { MessageCodec } from "../address/MessageCodec.ts"
import type { Pid } from "../address/Pid.ts"
import type { Signal } from "./Signal.ts"

/** See the file's header. */
export interface Router {
  /** Sends a signal to another scheduler. One that cannot be delivered because that scheduler is gone is answered as OTP answers it. */
  route(slot: number, incarnation: number, signal: Signal): void
  /** As {@link route}, for messages: there are so many that an object for each would show. See `MessageSignal`. */
  routeMessage(
    to: Pid,
    codec: MessageCodec,
    message: unknown,
    alias: number,
    call: number,
    accepted: number,
    wait: boolean
  ): void
}
