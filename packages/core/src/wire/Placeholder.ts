/**
 * What stands where something could not leave its scheduler: a function in the field of an error, say. It prints as what was there.
 */
const inspected = Symbol.for("nodejs.util.inspect.custom")

/** See the file's header. */
export class Placeholder {
  /** What was there, as a console shows it: `[Function: close]`. */
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

  [inspected](): string {
    return this.text
  }
}
