/**
 * What travels between a chat server and the people: JSON texts. Every server of the comparison checks what comes in
 * against the schema's conditions, and writes each frame that goes out once, however many hear it.
 */
import * as Schema from "effect/Schema"

/** What a person says: the `number`th of what they said. */
export const Say = Schema.Struct({
  number: Schema.Int,
  text: Schema.String.check(Schema.isMaxLength(500))
})
export type Say = typeof Say.Type

/** What everybody hears. */
export interface Heard extends Say {
  /** The number of whoever said it. */
  readonly from: number
}

/** The frame of what everybody hears. */
export const encodeHeard = ({ from, number, text }: Heard): string => JSON.stringify({ from, number, text })

/** Where a person connects: their number is in the path. */
export const pathOf = (person: number): string => `/people/${person}`

/** The number in a path; NaN when it is another path. */
export const personAt = (path: string | undefined): number => Number(path?.match(/^\/people\/(\d+)$/)?.[1])
