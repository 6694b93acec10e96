// Where a line is written: Enter says it, Shift and Enter begin a new row. Each room keeps its own draft.
import { find, setText } from "../dom.ts"
import { limits } from "../limits.ts"
import type { Session } from "../session.ts"
import type { Store } from "../store.ts"

const countFrom = limits.textLength - 200

/** Shows the message box. It takes lines whatever state the connection is in. */
export const showComposer = (store: Store, session: Session): void => {
  const form = find("composer", HTMLFormElement)
  const input = find("message-input", HTMLTextAreaElement)
  const count = find("message-count", HTMLElement)
  const drafts = new Map<string, string>()
  let room: string | undefined

  input.maxLength = limits.textLength

  const fit = (): void => {
    input.style.height = "auto"
    input.style.height = `${Math.min(input.scrollHeight, 160)}px`
    setText(count, input.value.length < countFrom ? "" : `${limits.textLength - input.value.length} left`)
  }

  input.addEventListener("input", fit)
  input.addEventListener("keydown", (event) => {
    // Enter that ends the writing of a composed character is not the end of the line.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return
    event.preventDefault()
    form.requestSubmit()
  })
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    const text = input.value.trim()
    if (room === undefined || text === "") return
    session.say(room, text)
    input.value = ""
    fit()
    input.focus()
  })

  store.subscribe(({ current }) => {
    if (current === room) return
    if (room !== undefined) drafts.set(room, input.value)
    room = current
    input.value = current === undefined ? "" : (drafts.get(current) ?? "")
    input.disabled = current === undefined
    input.placeholder = current === undefined ? "Enter a room first" : `Say something in ${current}`
    fit()
  })
}
