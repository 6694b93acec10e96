// The notice board of a scheduler: it tells this scheduler's connections which rooms are open and, those who asked for
// it, what happens backstage. It looks rather than being told, so that nothing it shows can be out of date for long,
// whatever crashes; and it looks once for all of its connections.

import * as GenServer from "@understudy/core/GenServer"
import * as Process from "@understudy/core/Process"
import * as System from "@understudy/core/System"
import { Supervisor } from "@understudy/supervisor"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { treeOf, viewOf } from "./Backstage.ts"
import { Connection, type ConnectionRef, names } from "./Connection.ts"
import { encodeServerFrame, limits, TreeNode } from "./protocol.ts"
import { rooms } from "./Room.ts"

/** The root of the supervision tree, by its name. */
export const rootName = "chat"

/** The contract of notice boards. */
export const NoticeBoard = GenServer.define("chat/NoticeBoard", {
  protocol: {
    /** Shows this connection the open rooms, now and whenever they change, for as long as it lives. */
    follow: GenServer.cast({ connection: Connection.ref }),
    /** Shows this connection what happens backstage, or no longer. It must be a follower. */
    backstage: GenServer.cast({ connection: Connection.ref, on: Schema.Boolean }),
    /** To itself: it is time to look. */
    look: GenServer.cast(),
    /** To itself: the tree that was asked for. */
    tree: GenServer.cast({ tree: TreeNode })
  }
})

/** The name of the notice board of the scheduler in `slot`. */
export const noticeBoardName = (slot: number): string => `chat/notice-board/${slot}`

/** The notice board of the scheduler in `slot`. */
export const noticeBoardOn = (slot: number) => NoticeBoard.named(noticeBoardName(slot))

/** Milliseconds between two looks. */
const lookEvery = 250
/** A frame for backstage goes out every so many looks. */
const looksPerBackstage = Math.round(limits.backstageEvery / lookEvery)
/** How long a supervisor may take to tell of its children. */
const patience = "200 millis"

interface Follower {
  readonly connection: ConnectionRef
  backstage: boolean
}

interface State {
  readonly self: GenServer.Ref<(typeof NoticeBoard)["protocol"]>
  readonly followers: Map<Process.MonitorRef, Follower>
  readonly lastChildren: Map<string, ReadonlyArray<TreeNode>>
  looks: number
  /** The frame that followers have seen. */
  rooms: string
  tree: TreeNode | undefined
  asking: boolean
}

const roomsFrame = Effect.map(rooms.entries, (entries) =>
  encodeServerFrame({
    _tag: "Rooms",
    rooms: entries
      .map(({ key, value }) => ({ room: key, members: value.members }))
      .sort((a, b) => (a.room < b.room ? -1 : 1))
  })
)

const show = (followers: Iterable<Follower>, frame: string) =>
  Effect.forEach(followers, ({ connection }) => connection.show({ frame }), { discard: true })

const isWatching = ({ followers }: State): boolean => [...followers.values()].some(({ backstage }) => backstage)

const showBackstage = (state: State, tree: TreeNode) =>
  Effect.gen(function* () {
    const at = yield* Clock.currentTimeMillis
    const schedulers = (yield* System.schedulers).map(viewOf)
    const frame = encodeServerFrame({ _tag: "Backstage", at, schedulers, tree })
    yield* show(
      [...state.followers.values()].filter(({ backstage }) => backstage),
      frame
    )
  })

/** Asks for the tree beside the server: a supervisor that is busy must not hold up what the schedulers do. */
const askForTree = (state: State) =>
  Effect.gen(function* () {
    if (state.asking) return
    state.asking = true
    const ask = Effect.gen(function* () {
      const tree = yield* Supervisor.tree(rootName, { timeout: patience })
      const players = new Map((yield* names.entries).map(({ ref, value }) => [ref.pid.toString(), value]))
      const context = { nameOf: (pid: Process.Pid) => players.get(pid.toString()), lastChildren: state.lastChildren }
      yield* state.self.tree({ tree: treeOf(tree, context) })
    })
    yield* Effect.forkScoped(ask)
  })

const lookAgain = (self: State["self"]) => Effect.forkScoped(Effect.delay(self.look(), lookEvery))

/** See {@link NoticeBoard}. */
export const NoticeBoardLive = NoticeBoard.implement({
  init: (_args, { self }) =>
    Effect.as(lookAgain(self), {
      self,
      followers: new Map(),
      lastChildren: new Map(),
      looks: 0,
      rooms: "",
      tree: undefined,
      asking: false
    } satisfies State as State),
  handle: {
    follow: (state, { connection }) =>
      Effect.gen(function* () {
        const monitor = yield* Process.monitor(connection.address)
        state.followers.set(monitor, { connection, backstage: false })
        yield* connection.show({ frame: yield* roomsFrame })
        return state
      }),
    backstage: (state, { connection, on }) =>
      Effect.gen(function* () {
        const address = connection.address.toString()
        for (const follower of state.followers.values()) {
          if (follower.connection.address.toString() === address) follower.backstage = on
        }
        if (on) yield* askForTree(state)
        return state
      }),
    look: (state) =>
      Effect.gen(function* () {
        yield* lookAgain(state.self)
        state.looks++
        const frame = yield* roomsFrame
        if (frame !== state.rooms) yield* show(state.followers.values(), frame)
        state.rooms = frame
        if (state.looks % looksPerBackstage === 0 && isWatching(state)) {
          if (state.tree !== undefined) yield* showBackstage(state, state.tree)
          yield* askForTree(state)
        }
        return state
      }),
    tree: (state, { tree }) =>
      Effect.gen(function* () {
        state.asking = false
        const isFirst = state.tree === undefined
        state.tree = tree
        if (isFirst) yield* showBackstage(state, tree)
        return state
      })
  },
  info: (state, message) => {
    if (message instanceof Process.Down) state.followers.delete(message.ref)
    return state
  }
})
