/**
 * Selectors: the messages a process waits for, and a function for each kind. Messages outside a selector stay in the
 * mailbox, in order. Catalogue R16.
 */
import type { Down, Exit, MonitorRef } from "../signal/Signal.ts"
import { Down as DownSignal, Exit as ExitSignal } from "../signal/Signal.ts"

interface Choice<A> {
  readonly matches: (message: unknown) => boolean
  readonly map: (message: never) => A
}

type Tagged = { readonly _tag: string }

/** Waits for some of the messages `M`, and gives an `A` for each. Immutable: every method gives a new selector. */
export class Selector<M, A = never> {
  private readonly choices: ReadonlyArray<Choice<A>>

  constructor(choices: ReadonlyArray<Choice<A>> = []) {
    this.choices = choices
  }

  private with<B>(choice: Choice<B>): Selector<M, A | B> {
    return new Selector<M, A | B>([...this.choices, choice])
  }

  /** Messages with this tag. A later choice for the same messages wins over an earlier one. */
  on<const Tag extends Extract<M, Tagged>["_tag"], B>(
    tag: Tag,
    map: (message: Extract<M, { readonly _tag: Tag }>) => B
  ): Selector<M, A | B> {
    return this.with({
      matches: (message) => hasTag(message, tag) && !isSignal(message),
      map
    })
  }

  /** Messages a predicate picks. */
  onWhere<N extends M, B>(is: (message: M) => message is N, map: (message: N) => B): Selector<M, A | B> {
    // The mailbox holds messages of type `M` and signals, and signals are sorted out first
    return this.with({ matches: (message) => !isSignal(message) && is(message as M), map })
  }

  /** The Down of one monitor, or of any. */
  onDown<B>(ref: MonitorRef | "any", map: (down: Down) => B): Selector<M, A | B> {
    return this.with({
      matches: (message) => message instanceof DownSignal && (ref === "any" || message.ref === ref),
      map
    })
  }

  /** Trapped exits. */
  onExit<B>(map: (exit: Exit) => B): Selector<M, A | B> {
    return this.with({ matches: (message) => message instanceof ExitSignal, map })
  }

  /** The choices of both; where both choose the same messages, those of `that` win. */
  merge<B>(that: Selector<M, B>): Selector<M, A | B> {
    return new Selector<M, A | B>([...this.choices, ...that.choices])
  }

  /** Whether it waits for a message. */
  matches(message: unknown): boolean {
    return this.choices.some((choice) => choice.matches(message))
  }

  /** The result of the choice that matches a message. */
  apply(message: unknown): A {
    const choice = this.choices.findLast((one) => one.matches(message))
    if (choice === undefined) throw new Error("a selector was applied to a message it does not wait for")
    // `matches` has told that the message is what `map` takes
    return choice.map(message as never)
  }
}

/** Whether a message has that tag. A message whose access throws has none: it must not be a defect of the receiver. */
export const hasTag = (message: unknown, tag: string): boolean => {
  try {
    return typeof message === "object" && message !== null && "_tag" in message && message._tag === tag
  } catch {
    return false
  }
}

const isSignal = (message: unknown): boolean => message instanceof DownSignal || message instanceof ExitSignal

/** A selector that waits for nothing yet. See {@link Selector}. */
export const selector = <M>(): Selector<M> => new Selector<M>()
