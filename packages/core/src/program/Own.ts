/** The calling process's own pid, label and dictionary. */

import type * as Effect from "effect/Effect"
import type { Pid } from "../address/Pid.ts"
import { ownStep } from "../fiber/Running.ts"
import type { Current } from "../process/Host.ts"

/** The pid of the calling process. */
export const self: Effect.Effect<Pid, never, Current> = ownStep((record) => record.pid)

/** A name for people, in reports and process lists. */
export const setLabel = (label: string): Effect.Effect<void, never, Current> =>
  ownStep((record) => {
    record.label = label
  })

/**
 * Puts a value into the calling process's own dictionary, which no other process sees. Returns the value it replaces.
 * Catalogue P28.
 */
export const put = (key: unknown, value: unknown): Effect.Effect<unknown, never, Current> =>
  ownStep((record) => {
    const extra = record.extras()
    extra.dictionary ??= new Map()
    const previous = extra.dictionary.get(key)
    extra.dictionary.set(key, value)
    return previous
  })

/** Reads the calling process's dictionary; `undefined` when the key is not there. */
export const get = (key: unknown): Effect.Effect<unknown, never, Current> =>
  ownStep((record) => record.extra?.dictionary?.get(key))

/** Takes a key out of the calling process's dictionary. Returns its value. */
export const erase = (key: unknown): Effect.Effect<unknown, never, Current> =>
  ownStep((record) => {
    const value = record.extra?.dictionary?.get(key)
    record.extra?.dictionary?.delete(key)
    return value
  })
