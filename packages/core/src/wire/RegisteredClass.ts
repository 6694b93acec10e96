/**
 * The registry of this project's own serialisable classes: pids and aliases. Their instances are preserved at any place in a
 * value, also without a schema. The modules that define them register them here, so that the codecs do not depend on these modules.
 */
import type { ByteReader, ByteWriter } from "./Bytes.ts"

/** How the instances of one class are copied and written. */
export interface RegisteredClass<A extends object> {
  readonly prototype: A
  /** The first byte of an instance: the same on every scheduler, from {@link firstRegisteredTag} to 255. */
  readonly tag: number
  /** An instance that can be written, or `undefined` when `value` only has the prototype. Runs no code of the value. */
  readonly validated: (value: A) => A | undefined
  readonly write: (writer: ByteWriter, value: A) => void
  /** Throws when the bytes are invalid. */
  readonly read: (reader: ByteReader) => A
}

/** Lower tags belong to built-in types. */
export const firstRegisteredTag = 64

const byPrototype = new Map<unknown, RegisteredClass<object>>()
const byTag = new Map<number, RegisteredClass<object>>()

/** Registers a class. */
export const registerClass = <A extends object>(type: RegisteredClass<A>): void => {
  // `as unknown as`: it is only called with objects of that prototype
  const any = type as unknown as RegisteredClass<object>
  byPrototype.set(type.prototype, any)
  byTag.set(type.tag, any)
}

/** The registered class with that prototype. */
export const registeredClassOf = (prototype: unknown): RegisteredClass<object> | undefined => byPrototype.get(prototype)

/** The registered class with that tag. */
export const registeredClassByTag = (tag: number): RegisteredClass<object> | undefined => byTag.get(tag)
