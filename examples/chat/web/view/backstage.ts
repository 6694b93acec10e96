// The backstage panel: the schedulers, the trouble one can make, what happened, and the supervision tree. A column on
// wide screens, a drawer over everything on narrow ones.
import type { SchedulerView } from "../../src/protocol.ts"
import { counted, element, find, flash, part, reconcile, setText, timeElement } from "../dom.ts"
import type { Session } from "../session.ts"
import type { BackstageEvent, BackstageFrame, State } from "../state.ts"
import type { Store } from "../store.ts"
import { showTree } from "./tree.ts"

const stateWords: Record<SchedulerView["state"], string> = { up: "up", starting: "coming back", down: "down" }

const summaryOf = ({ schedulers }: BackstageFrame): string => {
  const sum = (count: (scheduler: SchedulerView) => number) =>
    schedulers.reduce((total, scheduler) => total + count(scheduler), 0)
  const up = schedulers.filter(({ state }) => state === "up").length
  const restarts = sum((scheduler) => scheduler.restarts)
  return `${up} of ${counted(schedulers.length, "scheduler")} up, ${counted(
    sum((scheduler) => scheduler.processes),
    "process",
    "processes"
  )}, ${counted(restarts, "restart")}`
}

const showSchedulers = (list: HTMLElement, session: Session) => {
  const make = ({ slot }: SchedulerView): HTMLElement => {
    const kill = element(
      "button",
      { type: "button", class: "button danger small", "data-testid": "kill-scheduler", "data-slot": String(slot) },
      "Kill"
    )
    kill.setAttribute("aria-label", `Kill scheduler ${slot}`)
    kill.addEventListener("click", () => session.killScheduler(slot))
    const meter = element("span", { class: "meter", "aria-hidden": "true" }, element("span", { "data-part": "fill" }))
    const figure = (name: string, label: string) =>
      element("span", { class: "figure" }, element("b", { "data-part": name }), ` ${label}`)
    return element(
      "li",
      { class: "scheduler", "data-testid": "scheduler-row", "data-slot": String(slot) },
      element(
        "p",
        { class: "scheduler-head" },
        element("span", { class: "dot", "aria-hidden": "true" }),
        element("b", {}, `Scheduler ${slot}`),
        element("span", { class: "scheduler-state", "data-part": "state" })
      ),
      slot === 0 ? element("span", { class: "fine main-thread" }, "main thread") : kill,
      meter,
      element(
        "p",
        { class: "figures fine" },
        figure("load", "busy"),
        figure("queue", "queued"),
        figure("processes", "processes"),
        figure("restarts", "restarts")
      )
    )
  }

  const update = (target: Element, scheduler: SchedulerView): void => {
    const row = target as HTMLElement // made by `make`
    const { incarnation, processes, restarts, runQueue, state, utilisation } = scheduler
    const known = row.dataset.incarnation
    if (known !== undefined && (known !== String(incarnation) || row.dataset.state !== state)) flash(row)
    row.dataset.state = state
    row.dataset.incarnation = String(incarnation)
    row.dataset.restarts = String(restarts)
    setText(part(row, "state"), incarnation === 0 ? stateWords[state] : `${stateWords[state]}, life ${incarnation + 1}`)
    const percent = `${Math.round(utilisation * 100)}%`
    part(row, "fill").style.setProperty("--load", String(utilisation))
    setText(part(row, "load"), percent)
    setText(part(row, "queue"), String(runQueue))
    setText(part(row, "processes"), String(processes))
    setText(part(row, "restarts"), String(restarts))
    const kill = row.querySelector("button")
    if (kill !== null) kill.disabled = state !== "up"
  }

  return (schedulers: ReadonlyArray<SchedulerView>): void =>
    reconcile(list, schedulers, ({ slot }) => String(slot), make, update)
}

const makeEvent = ({ at, text, tone }: BackstageEvent): HTMLElement =>
  element("li", { class: tone, "data-testid": "event" }, timeElement(at), element("span", {}, text))

/** Shows the panel, and asks the server for what it shows only while it is open. */
export const showBackstage = (store: Store, session: Session): void => {
  const panel = find("backstage", HTMLElement)
  const toggle = find("backstage-toggle", HTMLButtonElement)
  const body = find("backstage-body", HTMLElement)
  const summary = find("backstage-summary", HTMLElement)
  const crashRoom = find("crash-room", HTMLButtonElement)
  const events = find("event-list", HTMLElement)
  const drawSchedulers = showSchedulers(find("scheduler-list", HTMLElement), session)
  const drawTree = showTree(find("tree", HTMLElement))
  // The width at which style.css makes it a drawer.
  const narrow = matchMedia("(max-width: 60rem)")
  const behind = [find("rooms", HTMLElement), find("stage", HTMLElement), find("bar", HTMLElement)]

  // Focus follows once the panel is shown or gone: what is still inert would refuse it.
  let focusDue = false
  const show = (open: boolean): void => {
    focusDue = true
    session.showBackstage(open)
  }
  toggle.addEventListener("click", () => show(!store.get().backstage.open))
  find("backstage-close", HTMLButtonElement).addEventListener("click", () => show(false))
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && store.get().backstage.open) show(false)
  })
  crashRoom.addEventListener("click", () => {
    const { current } = store.get()
    if (current !== undefined) session.crashRoom(current)
  })
  find("crash-connection", HTMLButtonElement).addEventListener("click", session.crashConnection)

  const arrange = ({ backstage: { open }, me, wanted }: State): void => {
    const inside = wanted !== undefined
    panel.hidden = !open
    toggle.hidden = !inside
    toggle.setAttribute("aria-expanded", String(open))
    document.body.dataset.backstage = open ? "open" : "closed"
    // What a drawer covers cannot be reached by the keyboard either.
    for (const covered of behind) covered.inert = open && narrow.matches && inside
    body.dataset.stale = String(me === undefined)
    if (focusDue && open && narrow.matches) find("backstage-title", HTMLElement).focus()
    if (focusDue && !open) toggle.focus()
    focusDue = false
  }
  narrow.addEventListener("change", () => arrange(store.get()))

  store.subscribe((state) => {
    arrange(state)
    const { current, me, rooms } = state
    const { events: happened, open, view } = state.backstage
    if (!open) return
    setText(crashRoom, current === undefined ? "Crash this room" : `Crash ${current}`)
    crashRoom.disabled = current === undefined || rooms.get(current)?.phase !== "joined"
    find("crash-connection", HTMLButtonElement).disabled = me === undefined
    find("no-events", HTMLElement).hidden = happened.length > 0
    reconcile(
      events,
      happened,
      ({ id }) => String(id),
      makeEvent,
      () => {}
    )
    if (me === undefined) setText(summary, "The line dropped. Reconnecting…")
    else setText(summary, view === undefined ? "Looking behind the curtain…" : summaryOf(view))
    if (view !== undefined) {
      drawSchedulers(view.schedulers)
      drawTree(view.tree, me?.pid)
    }
  })
}
