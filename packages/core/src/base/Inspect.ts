/**
 * Values as text, for people: in errors, events and the log. Never throws, whatever the value is: getters are not called
 * (but an error's `message` and a class's own `inspect.custom`), proxies are not looked into, and a text is cut to a length.
 * Only the names of an object's fields are read further than they are shown.
 */
import { inspect, types } from "node:util"

/** How long a text of a state, a message or arguments is at most, in characters. */
export const longestText = 2000

/** How long a text of a value is in an error's message. */
const longestGiven = 120

/** What stands at the end of a text that was cut. */
const cutMark = "…"

/** Items of an array, a map or a set that are shown. */
const mostItems = 20
/** Characters of a text inside a value that are shown. */
const longestString = 200
/** Objects within objects that are shown. */
const mostDepth = 4

/** What some objects are shown as, wherever they stand: `undefined` for the others. */
export type InOwnWords = (value: object) => string | undefined

/** A value as text of at most `longest` characters, as `util.inspect` would print it on one line. See the file's header. */
export const show = (value: unknown, longest: number = longestText, inOwnWords?: InOwnWords): string => {
  const text = new Text(longest, inOwnWords)
  try {
    text.value(value, 0)
  } catch {
    // A stack overflow, say: what was written so far is shown
    text.write(" (it cannot be shown)")
  }
  return text.toString()
}

/** A text, cut to at most `longest` characters. */
export const cut = (text: string, longest: number = longestText): string => {
  const start = new Text(longest, undefined)
  start.write(text)
  return start.toString()
}

/** A value that was given in place of what was expected: a short text. */
export const showGiven = (value: unknown): string => show(value, longestGiven)

/** Own and inherited properties that are data: what a getter would give is not asked for. */
const dataProperty = (value: object, key: PropertyKey): unknown => {
  for (let at: object | null = value; at !== null && !types.isProxy(at); at = Object.getPrototypeOf(at)) {
    const property = Object.getOwnPropertyDescriptor(at, key)
    if (property !== undefined) return property.value
  }
  return undefined
}

/** The name of an object's class, `undefined` for plain objects. */
const classNameOf = (value: object): string | undefined => {
  const prototype: object | null = Object.getPrototypeOf(value)
  if (prototype === null || prototype === Object.prototype) return undefined
  const maker = dataProperty(prototype, "constructor")
  const name = typeof maker === "function" ? dataProperty(maker, "name") : undefined
  return typeof name === "string" && name !== "" && name !== "Object" ? name : undefined
}

/** Whether a key stands in an object's text as it is. */
const plainKey = /^[A-Za-z_$][\w$]*$/

class Text {
  private readonly longest: number
  private readonly inOwnWords: InOwnWords | undefined
  private text = ""
  private cut = false
  /** The objects around the one that is being written. */
  private readonly around: Array<object> = []

  constructor(longest: number, inOwnWords: InOwnWords | undefined) {
    this.longest = longest
    this.inOwnWords = inOwnWords
  }

  toString(): string {
    return this.cut ? `${this.text}${cutMark}` : this.text
  }

  write(text: string): void {
    if (this.cut) return
    const room = this.longest - this.text.length
    if (text.length <= room) {
      this.text += text
      return
    }
    this.cut = true
    // One character less than the limit, for the mark; and no half of a surrogate pair
    const kept = (this.text + text).slice(0, this.longest - cutMark.length)
    this.text = kept.isWellFormed() ? kept : kept.slice(0, -1).toWellFormed()
  }

  value(value: unknown, depth: number): void {
    switch (typeof value) {
      case "object":
        return value === null ? this.write("null") : this.object(value, depth)
      case "function": {
        const name = types.isProxy(value) ? undefined : dataProperty(value, "name")
        return this.write(typeof name === "string" && name !== "" ? `[Function: ${name}]` : "[Function]")
      }
      default:
        return this.write(inspect(value, { maxStringLength: longestString }))
    }
  }

  private object(value: object, depth: number): void {
    if (types.isProxy(value)) return this.write("[Proxy]")
    if (this.around.includes(value)) return this.write("[Circular]")
    const words = this.inOwnWords?.(value)
    if (words !== undefined) return this.write(words)
    this.around.push(value)
    this.parts(value, depth)
    this.around.pop()
  }

  private parts(value: object, depth: number): void {
    const own = dataProperty(value, inspect.custom)
    if (typeof own === "function") return this.custom(value, own, depth)
    if (types.isNativeError(value)) return this.error(value)
    if (types.isDate(value)) return this.write(inspect(value, { customInspect: false }))
    if (types.isRegExp(value) || types.isBoxedPrimitive(value)) return this.write(String(value))
    if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) {
      const onOneLine = { compact: true, breakLength: Number.POSITIVE_INFINITY }
      return this.write(inspect(value, { customInspect: false, maxArrayLength: mostItems, ...onOneLine }))
    }
    const name = classNameOf(value)
    if (depth > mostDepth) return this.write(`[${Array.isArray(value) ? "Array" : (name ?? "Object")}]`)
    if (Array.isArray(value)) return this.array(value, name, depth)
    // Those of the class itself: a subclass may have others
    if (types.isMap(value)) {
      const size = Reflect.get(Map.prototype, "size", value)
      return this.items(`${name ?? "Map"}(${size})`, Map.prototype.entries.call(value), size, depth, true)
    }
    if (types.isSet(value)) {
      const size = Reflect.get(Set.prototype, "size", value)
      return this.items(`${name ?? "Set"}(${size})`, Set.prototype.values.call(value), size, depth, false)
    }
    this.fields(value, name, depth)
  }

  /** A class that says itself what is shown of it: pids and messages do, and Effect's `Redacted`. */
  private custom(value: object, inspectIt: Function, depth: number): void {
    let shown: unknown
    try {
      const options = { ...inspect.defaultOptions, stylize: String }
      shown = Reflect.apply(inspectIt, value, [Math.max(0, mostDepth - depth), options, inspect])
    } catch {
      return this.write(`[${classNameOf(value) ?? "Object"}: it cannot be shown]`)
    }
    if (typeof shown === "string") this.write(shown)
    else if (shown === value) this.write(`[${classNameOf(value) ?? "Object"}]`)
    else this.value(shown, depth)
  }

  private error(error: Error): void {
    let text: string
    try {
      // Messages of errors are often getters
      text = `${error.name}: ${error.message}`
    } catch {
      text = "Error: it cannot be shown"
    }
    this.write(`[${text}]`)
  }

  private array(value: ReadonlyArray<unknown>, name: string | undefined, depth: number): void {
    const prefix = name === "Array" || name === undefined ? "" : `${name}(${value.length}) `
    const shown = Array.from({ length: Math.min(value.length, mostItems) }, (_, index) =>
      Object.getOwnPropertyDescriptor(value, index)
    )
    this.list(`${prefix}[`, "]", shown, value.length - shown.length, (property) => this.property(property, depth))
  }

  private items(prefix: string, items: Iterator<unknown>, size: number, depth: number, pairs: boolean): void {
    const shown: Array<unknown> = []
    for (let item = items.next(); item.done !== true && shown.length < mostItems; item = items.next()) {
      shown.push(item.value)
    }
    this.list(`${prefix} {`, "}", shown, size - shown.length, (item) => {
      if (!pairs) return this.value(item, depth + 1)
      // What a map's entries are
      const [key, value] = item as [unknown, unknown]
      this.value(key, depth + 1)
      this.write(" => ")
      this.value(value, depth + 1)
    })
  }

  private fields(value: object, name: string | undefined, depth: number): void {
    const prefix = name === undefined ? "" : `${name} `
    this.list(`${prefix}{`, "}", Object.keys(value), 0, (key) => {
      this.write(plainKey.test(key) ? `${key}: ` : `${inspect(key, { maxStringLength: longestString })}: `)
      this.property(Object.getOwnPropertyDescriptor(value, key), depth)
    })
  }

  private property(property: PropertyDescriptor | undefined, depth: number): void {
    if (property === undefined) this.write("<empty>")
    else if ("value" in property) this.value(property.value, depth + 1)
    else this.write("[Getter]")
  }

  private list<A>(open: string, close: string, shown: ReadonlyArray<A>, more: number, each: (item: A) => void): void {
    this.write(open)
    let first = true
    for (const item of shown) {
      if (this.cut) return
      this.write(first ? " " : ", ")
      first = false
      each(item)
    }
    if (more > 0) this.write(`, … ${more} more`)
    this.write(first ? close : ` ${close}`)
  }
}
