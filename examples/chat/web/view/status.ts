// Whether the line is up: the small sign in the bar, the banner while it is down, and the notices.
import { counted, element, find, part, reconcile, setText } from "../dom.ts"
import type { Session } from "../session.ts"
import type { Notice, State } from "../state.ts"
import type { Store } from "../store.ts"

type Phase = State["connection"]["phase"]

// The line counts as open once it can be chatted on: welcomed, if a name was given.
const phaseOf = ({ connection, me, wanted }: State, wasOpen: boolean): Phase => {
  if (connection.phase !== "open" || wanted === undefined || me !== undefined) return connection.phase
  return wasOpen ? "reconnecting" : "connecting"
}

const signs: Record<Phase, string> = { connecting: "Connecting", open: "On stage", reconnecting: "Reconnecting" }

const noticeShownFor = 9000

/** Shows the line's state, and the server's complaints. */
export const showStatus = (store: Store, session: Session): void => {
  const status = find("status", HTMLElement)
  const statusText = find("status-text", HTMLElement)
  const banner = find("banner", HTMLElement)
  const bannerTitle = find("banner-title", HTMLElement)
  const bannerText = find("banner-text", HTMLElement)
  const notices = find("notices", HTMLElement)
  let wasOpen = false

  find("retry", HTMLButtonElement).addEventListener("click", session.retryNow)

  const makeNotice = ({ id, tone }: Notice): HTMLElement => {
    const close = element("button", { class: "link", type: "button" }, "Dismiss")
    close.addEventListener("click", () => session.dismiss(id))
    setTimeout(() => session.dismiss(id), noticeShownFor)
    return element(
      "div",
      { class: `notice ${tone}`, "data-testid": "notice" },
      element("p", { "data-part": "text" }),
      close
    )
  }

  store.subscribe((state) => {
    const phase = phaseOf(state, wasOpen)
    if (state.me !== undefined) wasOpen = true
    status.dataset.state = phase
    setText(statusText, phase === "open" && state.me === undefined ? "Doors open" : signs[phase])

    const lost = phase === "reconnecting"
    banner.hidden = !lost
    if (lost) {
      const unsent = state.pending.length
      const waitsForName = state.connection.phase === "open"
      setText(bannerTitle, waitsForName ? "Back, and waiting for your name to be free." : "The line dropped.")
      const what = unsent === 0 ? "What you write is kept," : `${counted(unsent, "unsaid line")} kept,`
      const tries = !waitsForName && state.connection.attempt > 1 ? ` Attempt ${state.connection.attempt}.` : ""
      setText(bannerText, `Reconnecting by itself. ${what} and said once we are back.${tries}`)
    }

    reconcile(
      notices,
      state.notices,
      ({ id }) => String(id),
      makeNotice,
      (target, { text }) => setText(part(target, "text"), text)
    )
  })
}
