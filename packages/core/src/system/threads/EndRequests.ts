/**
 * Requests to end a program, as SIGINT and SIGTERM make them: the first ends it in order, a later one at once. Process groups and
 * runners send a signal twice: soon after the first it is the same request.
 */

/** How soon, in milliseconds. */
export const sameRequest = 1000

/** The clock, and the actions of the first and of a later request. */
export interface EndOptions {
  /** A monotonic time, in milliseconds. */
  readonly now: () => number
  /** Ends the program in order. Called once. */
  readonly end: () => void
  /** Ends it at once. */
  readonly abort: () => void
}

/** See the file's header. */
export class EndRequests {
  private readonly options: EndOptions
  private first: number | undefined = undefined

  constructor(options: EndOptions) {
    this.options = options
  }

  /** Whether the program is to end. */
  get asked(): boolean {
    return this.first !== undefined
  }

  /** Handles one request. */
  readonly ask = (): void => {
    const { abort, end, now } = this.options
    if (this.first === undefined) {
      this.first = now()
      end()
    } else if (now() - this.first >= sameRequest) abort()
  }
}
