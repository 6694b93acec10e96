// Holds the one state of the page and tells the views when it changed: once a frame of the screen, however much came in.
import { initial, type State } from "./state.ts"

export interface Store {
  readonly get: () => State
  /** Replaces the state by what `change` makes of it. */
  readonly update: (change: (state: State) => State) => void
  /** Calls `view` with the state now, and after changes. */
  readonly subscribe: (view: (state: State) => void) => void
}

// A page in the background gets no screen frames, but its title still counts what is unread.
const backgroundPause = 250

export const makeStore = (): Store => {
  let state = initial
  let due = false
  const views: Array<(state: State) => void> = []

  const show = (): void => {
    if (!due) return
    due = false
    for (const view of views) view(state)
  }

  return {
    get: () => state,
    update: (change) => {
      const next = change(state)
      if (next === state) return
      state = next
      if (due) return
      due = true
      requestAnimationFrame(show)
      setTimeout(show, backgroundPause)
    },
    subscribe: (view) => {
      views.push(view)
      view(state)
    }
  }
}
