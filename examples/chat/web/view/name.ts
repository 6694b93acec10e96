// The door: asks for a name, and says why one cannot be had.
import { find, setAttribute, setText } from "../dom.ts"
import { limits } from "../limits.ts"
import { rememberedName } from "../memory.ts"
import type { Session } from "../session.ts"
import type { Store } from "../store.ts"

/** Shows the door until the person is welcomed for the first time, and again when they change their name. */
export const showName = (store: Store, session: Session): void => {
  const form = find("name-form", HTMLFormElement)
  const input = find("name", HTMLInputElement)
  const problem = find("name-problem", HTMLElement)
  const button = find("name-button", HTMLButtonElement)
  const door = find("door", HTMLElement)
  const house = find("house", HTMLElement)
  // Once inside, losing the line does not show the door again: only not having a name does.
  let inside = false

  input.maxLength = limits.nameLength
  input.value = rememberedName()
  let ownProblem = ""

  form.addEventListener("submit", (event) => {
    event.preventDefault()
    const name = input.value.trim().replace(/\s+/g, " ")
    input.value = name
    ownProblem = name === "" ? "A playbill needs a name." : ""
    if (name === "") store.update((state) => ({ ...state, nameProblem: ownProblem }))
    else session.enter(name)
  })

  store.subscribe(({ connection, me, nameProblem, wanted }) => {
    const wasInside = inside
    inside = wanted !== undefined && (inside || me !== undefined)
    document.body.dataset.phase = inside ? "stage" : "door"
    door.hidden = inside
    house.hidden = !inside
    const waiting = wanted !== undefined && !inside
    button.disabled = waiting
    const opening = connection.phase === "open" ? "Taking the stage…" : "Waiting for the house to open…"
    setText(button, waiting ? opening : "Take the stage")
    setText(problem, nameProblem)
    setAttribute(input, "aria-invalid", nameProblem === "" ? undefined : "true")
    if (inside && !wasInside) find("message-input", HTMLTextAreaElement).focus()
    if (!inside && (wasInside || (nameProblem !== "" && !waiting && document.activeElement === document.body))) {
      input.value = rememberedName()
      input.select()
    }
  })
  if (document.activeElement === document.body) input.focus()
}
