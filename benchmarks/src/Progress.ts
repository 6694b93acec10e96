/**
 * What a run is doing at the moment, for who waits at a terminal: one line that is overwritten. Where nobody watches,
 * nothing is written.
 */

/** What is needed of a terminal: a stream of Node.js. */
export interface Terminal {
  readonly isTTY?: boolean | undefined
  /** How many characters fit on a line. */
  readonly columns?: number | undefined
  readonly write: (text: string) => unknown
}

/** To the line's start, and clears it. */
const clear = "\r\u001b[K"

/** Shows a text in place of the one before; `""` takes it away. Longer texts are cut: a line that wraps is not overwritten. */
export const progressOn =
  (terminal: Terminal) =>
  (text: string): void => {
    if (terminal.isTTY === true) terminal.write(`${clear}${text.slice(0, (terminal.columns ?? 80) - 1)}`)
  }
