/** What was given in place of what was expected, for errors about specs. */
import { showGiven } from "@understudy/core/internal/Texts"

/** A text is in the quotes that what was expected is in. */
export const show = (value: unknown): string =>
  typeof value === "string" && value.length < 100 ? JSON.stringify(value) : showGiven(value)
