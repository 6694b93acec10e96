/**
 * Replaces a value that cannot be sent to another scheduler, such as a function in the field of an error. Prints as the original.
 */
const inspectCustom = Symbol.for("nodejs.util.inspect.custom")

/** See the file's header. */
export class Placeholder {
  /** The original as the console prints it: `[Function: close]`. */
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }

  toJSON(): string {
    return this.text
  }

  [inspectCustom](): string {
    return this.text
  }
}
