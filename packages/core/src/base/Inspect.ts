/**
 * Values as text for errors, events and the log. Never throws: of a value's code only an error's `name` and `message` and a class's
 * `inspect.custom` run, proxies are not opened, and the text is cut to a maximum length. The work is bounded by what is shown,
 * except that all keys of an object are listed.
 */
import { inspect, types } from "node:util"

/** The maximum length of the text of a state, a message or arguments, in characters. */
export const longestText = 2000

/** The maximum length of a value's text in an error message, in characters. */
const longestGiven = 120

/** Ends a text that was cut. */
const cutMark = "…"

/** The maximum number of items shown of an array, a map or a set. */
const mostItems = 20
/** The maximum number of characters shown of a string inside a value. */
const longestString = 200
/** The maximum nesting depth that is shown. */
const mostDepth = 4

/** The text of an object that is not shown by its fields, at any depth; `undefined` for other objects. */
export type CustomText = (value: object) => string | undefined

/** A value as text of at most `longest` characters, as `util.inspect` would print it on one line. See the file's header. */
export const show = (value: unknown, longest: number = longestText, customText?: CustomText): string => {
  const text = new Text(longest, customText)
  try {
    text.value(value, 0)
  } catch {
    // For example a stack overflow: the text written so far is kept
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

/** The short text of an invalid input, for an error message. */
export const showGiven = (value: unknown): string => show(value, longestGiven)

/** The value of an own or inherited data property; `undefined` for a getter, which is not called. */
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

/** Matches keys that are shown without quotes. */
const plainKey = /^[A-Za-z_$][\w$]*$/

class Text {
  private readonly longest: number
  private readonly customText: CustomText | undefined
  private text = ""
  private cut = false
  /** The objects that contain the one being written: to detect cycles. */
  private readonly ancestors: Array<object> = []

  constructor(longest: number, customText: CustomText | undefined) {
    this.longest = longest
    this.customText = customText
  }

  toString(): string {
    return this.cut ? `${this.text}${cutMark}` : this.text
  }

  write(text: string): void {
    if (this.cut) return
    const left = this.longest - this.text.length
    if (text.length <= left) {
      this.text += text
      return
    }
    this.cut = true
    // Leaves room for the mark, and never ends in half of a surrogate pair
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
    if (this.ancestors.includes(value)) return this.write("[Circular]")
    const custom = this.customText?.(value)
    if (custom !== undefined) return this.write(custom)
    this.ancestors.push(value)
    this.parts(value, depth)
    this.ancestors.pop()
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
    // The built-in accessors: a subclass may override them
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

  /** An instance of a class with an `inspect.custom` method, such as pids, messages and Effect's `Redacted`. */
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
      // `message` is often a getter, which may throw
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
      // `as`: the entries of a map are pairs
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
