/**
 * Classes of this project whose instances are written as what they are wherever they stand, also in values that no schema
 * describes: pids and aliases. The rooms above declare them here, so that this one need not know them.
 */
import type { ByteReader, ByteWriter } from "./Bytes.ts"

/** How the instances of one class are copied and written. */
export interface OwnClass<A extends object> {
  readonly prototype: A
  /** What an instance's bytes begin with: the same on every scheduler, from {@link firstOwnTag} to 255. */
  readonly tag: number
  /** An instance that can be written, of what looks like one; `undefined` when it is an imitation. Runs no foreign code. */
  readonly intact: (value: A) => A | undefined
  readonly write: (writer: ByteWriter, value: A) => void
  /** Throws when the bytes are no instance. */
  readonly read: (reader: ByteReader) => A
}

/** Lower ones are taken by what JavaScript has. */
export const firstOwnTag = 64

const byPrototype = new Map<unknown, OwnClass<object>>()
const byTag = new Map<number, OwnClass<object>>()

/** Declares a class. */
export const declareOwnClass = <A extends object>(own: OwnClass<A>): void => {
  // It is only given what has its prototype
  const any = own as unknown as OwnClass<object>
  byPrototype.set(own.prototype, any)
  byTag.set(own.tag, any)
}

/** The class of instances with that prototype. */
export const ownClassOf = (prototype: unknown): OwnClass<object> | undefined => byPrototype.get(prototype)

/** The class whose instances begin with that tag. */
export const ownClassTagged = (tag: number): OwnClass<object> | undefined => byTag.get(tag)
