/**
 * Values that anybody may give a program, and that programs are seldom tried with: what throws when it is looked at, what contains
 * itself, what no other isolate can have, what is very deep, wide or large. `hostile` nests them anywhere.
 */
import { EventEmitter } from "node:events"
import * as fc from "fast-check"

class Plain {
  readonly a = 1
}

class Secretive {
  readonly #inner = 1
  get inner(): number {
    return this.#inner
  }
}

/** An ordinary client error: it carries its request, an object with functions. */
class HttpError extends Error {
  override readonly name = "HttpError"
  readonly status = 502
  readonly request = new EventEmitter().on("close", () => undefined)
}

class ThrowingError extends Error {
  override get message(): string {
    throw new Error("message of an error")
  }
  override get name(): string {
    throw new Error("name of an error")
  }
}

const revoked = (target: object): object => {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

const refusing = (): object => {
  const refuse = () => {
    throw new Error("a trap of a proxy")
  }
  return new Proxy(
    {},
    {
      get: refuse,
      has: refuse,
      ownKeys: refuse,
      getOwnPropertyDescriptor: refuse,
      getPrototypeOf: refuse,
      set: refuse,
      isExtensible: refuse
    }
  )
}

const cyclic = (): object => {
  const error: Error & { request?: unknown } = new Error("cycle")
  error.request = { error: { request: error } }
  return error
}

/** Three objects that know each other, each by many ways: a copy that follows each way never ends. */
const friends = (): object => {
  const all: ReadonlyArray<Record<string, unknown>> = [{}, {}, {}]
  for (const one of all)
    for (let way = 0; way < 8; way++) for (const other of all) one[`${way} ${all.indexOf(other)}`] = other
  return { all }
}

/** Each of so many levels has the next one twice: small in memory, and endless as a tree. */
const diamonds = (levels: number): object => {
  let value: object = { the: "innermost" }
  for (let level = 0; level < levels; level++) value = { one: value, other: value }
  return value
}

/** A value inside of so many others. */
export const nested = (levels: number): unknown => {
  let value: unknown = "the innermost"
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? { value } : [value]
  return value
}

const withGetter = (key: PropertyKey): object =>
  Object.defineProperty({}, key, {
    enumerable: true,
    get: () => {
      throw new Error(`getter of ${String(key)}`)
    }
  })

/** Each kind by its name: made anew each time, since some are changed by being used. */
export const kinds: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  "minus zero": () => -0,
  NaN: () => Number.NaN,
  "a large bigint": () => 2n ** 4096n,
  "an empty text": () => "",
  "a lone surrogate": () => "\ud800",
  "a long text": () => "x".repeat(100_000),
  "a symbol of its own": () => Symbol("mine"),
  "a registered symbol": () => Symbol.for("understudy/test/hostile"),
  "a function": () => () => 1,
  "a class": () => Plain,
  "an async function": () => async () => 1,
  "a generator": () =>
    (function* () {
      yield 1
    })(),
  "a promise": () => Promise.resolve(1),
  "a weak map": () => new WeakMap(),
  "a weak reference": () => new WeakRef({}),
  "an instance of a class": () => new Plain(),
  "an instance with private fields": () => new Secretive(),
  "an event emitter": () => new EventEmitter().on("close", () => undefined),
  "a client's error": () => new HttpError("502"),
  "an error whose name and message throw": () => new ThrowingError(),
  "an error whose stack throws": () =>
    Object.defineProperty(new Error("no stack"), "stack", {
      get: () => {
        throw new Error("stack of an error")
      }
    }),
  "an error whose message is no text": () => Object.assign(new Error(), { message: { no: "text" } }),
  "an error that is its own cause": () => {
    const error = new Error("its own cause")
    error.cause = error
    return error
  },
  "an aggregate of errors": () => new AggregateError([new RangeError("one"), "two", () => 3], "three"),
  "an imitation of an error": () => Object.create(Error.prototype),
  "a cycle through an error": cyclic,
  "friends of each other": friends,
  diamonds: () => diamonds(60),
  "a getter that throws": () => withGetter("secret"),
  "a tag that throws": () => withGetter("_tag"),
  "a revoked proxy": () => revoked({}),
  "a revoked proxy of an array": () => revoked([]),
  "a proxy that refuses everything": refusing,
  "a proxy of a plain object": () => new Proxy({ a: 1 }, {}),
  "an object without a prototype": () => Object.assign(Object.create(null), { a: 1 }),
  "an object whose texts throw": () => ({
    toString: () => {
      throw new Error("toString")
    },
    toJSON: () => {
      throw new Error("toJSON")
    },
    [Symbol.toPrimitive]: () => {
      throw new Error("toPrimitive")
    }
  }),
  "an object named like a prototype": () => JSON.parse('{"__proto__": {"a": 1}, "constructor": 1}'),
  "an object that can be waited for": () => ({
    // biome-ignore lint/suspicious/noThenProperty: that is what is tried
    then: () => {
      throw new Error("then")
    }
  }),
  "an object with symbols": () => ({ [Symbol("mine")]: 1, [Symbol.iterator]: () => [][Symbol.iterator]() }),
  "a frozen object": () => Object.freeze({ a: Object.freeze([1]) }),
  "an array with holes": () => {
    const array = [1, 2, 3]
    delete array[1]
    return array
  },
  "an array with no end": () => {
    const array: Array<number> = []
    array.length = 2 ** 32 - 1
    return array
  },
  "an array with fields": () => Object.assign([1], { field: 2 }),
  "3,000 levels": () => nested(3000),
  "a wide object": () => Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`field ${n}`, n])),
  "a date": () => new Date(0),
  "no date": () => new Date(Number.NaN),
  "an imitation of a date": () => Object.create(Date.prototype),
  "a map of itself": () => {
    const map = new Map<unknown, unknown>()
    return map.set(map, map)
  },
  "a set of functions": () => new Set([() => 1]),
  "a pattern": () => /a+/giu,
  bytes: () => Uint8Array.of(1, 2, 3),
  "bytes that are gone": () => {
    const bytes = new Uint8Array(8)
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
    return bytes
  },
  "shared memory": () => new Uint8Array(new SharedArrayBuffer(4)),
  "an exit reason": () => ({ _tag: "Shutdown" }),
  "an imitation of an exit reason": () => ({ _tag: "Died" })
}

/** How a value is made, as data: so that another scheduler can make the same one. */
export interface Recipe {
  readonly inner: string
  /** What stands beside it, where there is room. */
  readonly other: string
  /** What it stands in, from the inside out. */
  readonly around: ReadonlyArray<string>
}

const wrappings: Readonly<Record<string, (inner: unknown, other: unknown) => unknown>> = {
  "in an array": (inner, other) => [inner, other],
  "in a field": (inner, other) => ({ inner, other }),
  "as a cause": (inner, other) => Object.assign(new TypeError("around", { cause: inner }), { other }),
  "in an error's field": (inner, other) => Object.assign(new Error("around"), { inner, other }),
  "among errors": (inner, other) => new AggregateError([inner, other], "around"),
  "in a map": (inner, other) => new Map([[inner, other]]),
  "in a set": (inner, other) => new Set([inner, other]),
  "under a tag": (inner, other) => ({ _tag: "Around", inner, other }),
  "in an instance": (inner, other) => Object.assign(new Plain(), { inner, other }),
  "as a failure": (inner) => ({ _tag: "Failed", error: inner })
}

/** Makes the value of a recipe, each time anew. */
export const build = ({ around, inner, other }: Recipe): unknown => {
  const make = (kind: string) => kinds[kind]?.()
  return around.reduce((value, name) => wrappings[name]?.(value, make(other)), make(inner))
}

const kind = fc.constantFrom(...Object.keys(kinds))

/** A hostile value, alone or anywhere in others. */
export const hostile: fc.Arbitrary<Recipe> = fc.record({
  inner: kind,
  other: kind,
  around: fc.array(fc.constantFrom(...Object.keys(wrappings)), { maxLength: 4 })
})

/** Each kind alone: for tables. */
export const everyKind: ReadonlyArray<Recipe> = Object.keys(kinds).map((inner) => ({
  inner,
  other: "undefined",
  around: []
}))
