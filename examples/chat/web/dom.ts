// The few things the views need of the DOM: find, make, and keep a list of elements in step with a list of data. Text
// only ever goes in as text, so nothing anybody says can become markup.

/** The element of the page with this id. Throws when it is missing or of another kind: then page and code differ. */
export const find = <E extends Element>(id: string, kind: new () => E): E => {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new Error(`The page has no ${kind.name} with the id "${id}"`)
  return found
}

/** A new element with these attributes and children; strings become text. */
export const element = <Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>> = {},
  ...children: ReadonlyArray<Node | string>
): HTMLElementTagNameMap[Tag] => {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

/** Sets the text, only if it is another one: a screen reader reads a live region again at every change. */
export const setText = (target: Element, text: string): void => {
  if (target.textContent !== text) target.textContent = text
}

/** Sets or, with undefined, removes an attribute, only if that changes it. */
export const setAttribute = (target: Element, name: string, value: string | undefined): void => {
  if (value === undefined) target.removeAttribute(name)
  else if (target.getAttribute(name) !== value) target.setAttribute(name, value)
}

/** The part of an element that carries this `data-part`. Throws when it has none. */
export const part = (target: Element, name: string): HTMLElement => {
  const found = target.querySelector<HTMLElement>(`[data-part="${name}"]`)
  if (found === null) throw new Error(`An element has no part "${name}"`)
  return found
}

const keys = new WeakMap<Element, string>()

/**
 * Makes the children of `parent` be those of `items`, in their order. An element stays with its key, so that focus,
 * scrolling, running transitions and what a screen reader has read survive.
 */
export const reconcile = <Item>(
  parent: Element,
  items: ReadonlyArray<Item>,
  key: (item: Item) => string,
  create: (item: Item) => Element,
  update: (target: Element, item: Item) => void
): void => {
  const old = new Map<string, Element>()
  for (const child of parent.children) old.set(keys.get(child) ?? "", child)
  let next = parent.firstElementChild
  for (const item of items) {
    const name = key(item)
    const target = old.get(name) ?? create(item)
    keys.set(target, name)
    old.delete(name)
    update(target, item)
    if (target === next) next = target.nextElementSibling
    else parent.insertBefore(target, next)
  }
  for (const gone of old.values()) gone.remove()
}

/** Plays the element's `data-flash` animation, from its start if it is playing. */
export const flash = (target: HTMLElement): void => {
  delete target.dataset.flash
  // Reading a size makes the browser see the attribute gone before it is back.
  void target.offsetWidth
  target.dataset.flash = ""
}

const hour = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" })
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" })

/** A `time` element showing hours and minutes, with the full date as its title. */
export const timeElement = (at: number): HTMLTimeElement =>
  element("time", { datetime: new Date(at).toISOString(), title: exact.format(at) }, hour.format(at))

/** Hours and minutes of a time, as the reader writes them. */
export const clock = (at: number): string => hour.format(at)

/** "one", "one and two", "one, two and three". */
export const listed = (words: ReadonlyArray<string>): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`

/** "1 process", "2 processes". */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`
