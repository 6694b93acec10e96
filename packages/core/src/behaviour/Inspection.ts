/**
 * What reports show of a server: its state, its last message and its arguments as text, through the hooks of its contract,
 * which may leave out secrets. Called only when something is reported; a hook that throws does no harm.
 */

import { show, showGiven } from "../base/Inspect.ts"
import * as ExitReason from "../exit/ExitReason.ts"
import { Down, Exit } from "../signal/Signal.ts"
import {
  type Call,
  CallMessage,
  type Cast,
  CastMessage,
  type Fields,
  type Protocol,
  TerminateMessage
} from "./Protocol.ts"

/** Gives what is shown in place of a value. A method, so that its parameter may be of a type of one's own. */
type Hook<A> = { show(value: A): unknown }["show"]

/** A message of a server, as a hook is given it: a cast or a call by its name, or a plain message. */
export type InspectedMessage<P extends Protocol, M> =
  | {
      [K in keyof P & string]: P[K] extends Cast<infer F>
        ? { readonly kind: "cast"; readonly name: K; readonly payload: Payload<F> }
        : P[K] extends Call<infer F, infer _A, infer _E>
          ? { readonly kind: "call"; readonly name: K; readonly payload: Payload<F> }
          : never
    }[keyof P & string]
  | { readonly kind: "info"; readonly name: undefined; readonly payload: M }

type Payload<F extends Fields> = { readonly [K in keyof F]: F[K]["Type"] }

/** See {@link Inspect}. */
export interface InspectHooks<P extends Protocol, A extends Fields, M> {
  /** The server's state. */
  readonly state?: Hook<unknown> | undefined
  /** What is shown in place of a message's payload; its kind and name are always shown. */
  readonly message?: Hook<InspectedMessage<P, M>> | undefined
  /** The arguments that it is started with, by a supervisor say. */
  readonly args?: Hook<Payload<A>> | undefined
}

/**
 * What reports, events and errors show of a contract's servers. A function is the hook of the state. As soon as there is one
 * hook, what has none is not shown at all: no secret is shown because one was forgotten. Without any, everything is.
 */
export type Inspect<P extends Protocol, A extends Fields, M> = Hook<unknown> | InspectHooks<P, A, M>

/** The same for the runtime, which knows no types: values as text. None of it throws. */
export interface Inspector {
  readonly state: (state: unknown) => string
  readonly message: (message: unknown) => string
  readonly args: (args: unknown) => string
}

/** What stands where there is no hook. */
const hidden = "(not shown: the contract's inspect has no hook for it)"

type Show = (value: unknown) => string

/** A hook is code of the application: there is a text even if it throws. */
const through =
  (hook: Hook<never> | undefined): Show =>
  (value) => {
    if (hook === undefined) return hidden
    try {
      // It is given what its contract says
      return show(hook(value as never))
    } catch (error) {
      // Not its message: that may quote what is not to be shown
      return `(not shown: the contract's inspect threw ${error instanceof Error ? error.name : typeof error})`
    }
  }

const hooksOf = <P extends Protocol, A extends Fields, M>(inspect: Inspect<P, A, M>): InspectHooks<P, A, M> =>
  typeof inspect === "function" ? { state: inspect } : inspect

/** The inspector of a contract. */
export const inspectorOf = <P extends Protocol, A extends Fields, M>(
  inspect: Inspect<P, A, M> | undefined
): Inspector => {
  if (inspect === undefined) {
    return { state: show, args: show, message: (given) => messageText(given, true, ({ payload }) => show(payload)) }
  }
  const { args, message, state } = hooksOf(inspect)
  const payload = through(message)
  return {
    state: through(state),
    args: through(args),
    message: (given) => messageText(given, false, payload)
  }
}

/** `reasons`: whether it is shown why others have ended. */
const messageText = (
  message: unknown,
  reasons: boolean,
  payload: (message: InspectedMessage<Protocol, unknown>) => string
): string => {
  if (message instanceof CastMessage || message instanceof CallMessage) {
    const { hasPayload, kind: method, tag } = message.method
    const kind = method === "Call" ? "call" : "cast"
    // The schemas are not known here; the types say so of them
    return hasPayload
      ? `${kind} ${tag} ${payload({ kind, name: tag, payload: message.payload } as never)}`
      : `${kind} ${tag}`
  }
  const ending = (what: string, why: ExitReason.ExitReason) => (reasons ? `${what}: ${ExitReason.format(why)}` : what)
  if (message instanceof TerminateMessage) return ending("a request to terminate", message.reason)
  if (message instanceof Down) return ending(`Down of ${message.pid}`, message.reason)
  if (message instanceof Exit) return ending(`Exit of ${message.from}`, message.reason)
  return payload({ kind: "info", name: undefined, payload: message })
}

/** Throws a RangeError when hooks are no functions: nothing must be shown because of a typing error. */
export const checkInspect = (contract: string, inspect: unknown): void => {
  if (inspect === undefined || typeof inspect === "function") return
  const fields = Object.entries(typeof inspect === "object" && inspect !== null ? inspect : { inspect })
  for (const [field, hook] of fields) {
    if (!hooks.has(field) || (hook !== undefined && typeof hook !== "function")) {
      throw new RangeError(
        `GenServer.define: ${contract}: inspect: expected a function, or functions named state, message and args; got ${showGiven(inspect)}`
      )
    }
  }
}

const hooks: ReadonlySet<string> = new Set(["state", "message", "args"] satisfies ReadonlyArray<
  keyof InspectHooks<Protocol, Fields, never>
>)
