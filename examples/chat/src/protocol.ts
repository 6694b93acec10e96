// What the page and the server say to each other: one JSON text frame a message, over one WebSocket. Every frame of both
// directions has its schema here, the limits have their names, and `decodeClientFrame` turns what a stranger sent into
// either a frame or an error that names the field at fault.
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import * as SchemaIssue from "effect/SchemaIssue"
import { nameProblem } from "./Names.ts"

/** The path of the WebSocket on the server's one port. */
export const SOCKET_PATH = "/socket"

/**
 * Every limit of the protocol. Lengths are UTF-16 code units, as `String.length` and an input's `maxlength` count them;
 * times are milliseconds.
 */
export const limits = {
  /** Longest name of a person; the shortest is 1. */
  nameLength: 32,
  /** Longest name of a room; the shortest is 1. */
  roomLength: 32,
  /** Longest text of one message; the shortest is 1. */
  textLength: 2000,
  /** Largest client frame, in bytes of UTF-8. */
  frameBytes: 65_536,
  /** Most messages a `Joined` brings with it: the newest ones. */
  historyLength: 100,
  /** Most children of one supervisor a `Backstage` frame lists; the rest are counted in `hidden`. */
  treeChildren: 50,
  /** How often a page that keeps quiet sends a `Ping`. */
  pingEvery: 10_000,
  /** A connection from which nothing came for this long is taken for dead. */
  silence: 30_000,
  /** How often `Backstage` frames go to a page that asked for them. */
  backstageEvery: 500
} as const

/** The type of {@link limits}, with each number in it, so that a copy of them cannot drift. */
export type Limits = typeof limits

// Control characters but tab and line ends, and halves of surrogate pairs, which UTF-8 cannot carry.
const textShape = /^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ud800-\udfff]*$/u

/** A name a person may take. What else is expected of it, `Names.ts` tells. */
export const PersonName = Schema.String.check(
  Schema.isBetweenLength(1, limits.nameLength, { expected: `a name of 1 to ${limits.nameLength} characters` }),
  Schema.makeFilter(nameProblem)
)

/** A name somebody has taken: it was checked then, perhaps by the rules of an earlier version. */
const TakenName = Schema.String

/** A room's name: lower-case letters a to z, digits and inner hyphens. */
export const RoomName = Schema.String.check(
  Schema.isBetweenLength(1, limits.roomLength, { expected: `a room name of 1 to ${limits.roomLength} characters` }),
  Schema.isPattern(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/, {
    expected: "a room name of a-z, 0-9 and hyphens between them"
  })
)

/** The text of one message; not blank. */
export const MessageText = Schema.String.check(
  Schema.isBetweenLength(1, limits.textLength, { expected: `a text of 1 to ${limits.textLength} characters` }),
  Schema.isPattern(/\S/u, { expected: "a text that is not blank" }),
  Schema.isPattern(textShape, { expected: "a text without control characters" })
)

/** The page's own id for a message it sends, so that sending it twice says it once. */
export const ClientId = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9_-]{1,64}$/, { expected: "an id of 1 to 64 letters, digits, _ or -" })
)

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
/** Milliseconds since the epoch. */
const Millis = Count

const message = {
  room: RoomName,
  /** Counts up within a room, and stays with the message across crashes of the room. */
  id: Count,
  at: Millis,
  from: TakenName,
  text: MessageText,
  /** What the sender called it; only the pair of `from` and `clientId` is unique. */
  clientId: Schema.optionalKey(ClientId)
}

/** One thing somebody said. */
export const ChatMessage = Schema.Struct(message)
export type ChatMessage = typeof ChatMessage.Type

/** What a page may send. The first frame is `Hello`; the others are refused with `HelloFirst` until it was welcomed. */
export const ClientFrame = Schema.TaggedUnion({
  /** Asks for a name. Answered by `Welcome`, or `Error` with `NameTaken`, after which another `Hello` may follow. */
  Hello: { name: PersonName },
  /** Enters a room, starting it if need be. Answered by `Joined`, also when already in it. */
  Join: { room: RoomName },
  /** Leaves a room. Answered by `Left`, also when not in it. */
  Leave: { room: RoomName },
  /** Speaks. Answered by the `Message` everybody gets; a repeated `clientId` by the `Message` it made the first time. */
  Say: { room: RoomName, text: MessageText, clientId: Schema.optionalKey(ClientId) },
  /** Asks for `Backstage` frames, at once and then every `limits.backstageEvery`, or no more of them. */
  Backstage: { on: Schema.Boolean },
  /** Makes the room's process crash. */
  CrashRoom: { room: RoomName },
  /** Makes the process of this connection crash, and the connection with it. */
  CrashConnection: {},
  /** Ends a worker scheduler with everything on it. Scheduler 0 is the main thread and is not to be killed. */
  KillScheduler: {
    slot: Schema.Int.check(
      Schema.isGreaterThanOrEqualTo(1, { expected: "the slot of a worker scheduler, 1 or more (0 is the main thread)" })
    )
  },
  /** Answered by `Pong` with the same `nonce`. */
  Ping: { nonce: Count }
})
export type ClientFrame = typeof ClientFrame.Type

/** Why a frame was refused or could not be obeyed. */
export const ErrorCode = Schema.Literals([
  "BadJson", // not JSON, or a binary frame
  "BadFrame", // a field is wrong, missing or unknown; `field` names it
  "UnknownFrame", // no frame has this `_tag`
  "FrameTooLarge", // more than `limits.frameBytes`
  "HelloFirst", // anything but Hello or Ping before Welcome
  "AlreadyNamed", // Hello after Welcome
  "NameTaken", // somebody connected has this name, or one that looks like it
  "NotJoined", // Say or CrashRoom for a room this connection is not in
  "TooManyRooms", // this connection is in as many rooms as it may be
  "TooManyRoomsOpened", // this address has opened as many rooms as it may, and they are still open
  "NoMoreRooms", // the server has as many rooms as it can
  "RoomLooksTaken", // a room is open whose name looks like this one
  "RoomUnavailable", // the room is down just now; it is tried again when `Joined` comes
  "TooFast", // said more than the room could take; say it again later
  "NoSuchScheduler", // KillScheduler of a slot that is not there or not up
  "Internal" // the server's own fault
])
export type ErrorCode = typeof ErrorCode.Type

/** Why the server is about to close the connection. */
export const ClosingCode = Schema.Literals([
  "ShuttingDown", // the server is stopping
  "SlowReader", // the page did not take its frames fast enough
  "Silent", // nothing came for `limits.silence`
  "TooManyConnections", // this address has as many connections as it may have
  "Flood" // the page sent more than the server will take
])
export type ClosingCode = typeof ClosingCode.Type

/** One scheduler, as the backstage panel shows it. */
export const SchedulerView = Schema.Struct({
  slot: Count,
  /** Counts the lives of the slot, from 0. */
  incarnation: Count,
  state: Schema.Literals(["up", "starting", "down"]),
  /** Processes waiting for their turn. */
  runQueue: Count,
  /** The share of the last interval it was busy, 0 to 1. */
  utilisation: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })),
  processes: Count,
  /** Times the slot was refilled since the system started. */
  restarts: Count
})
export type SchedulerView = typeof SchedulerView.Type

/** One supervisor or worker of the supervision tree. */
export interface TreeNode {
  /** Names the node's place in the tree; stays the same when the process there is restarted. */
  readonly id: string
  /** The process there now; null while there is none. */
  readonly pid: string | null
  readonly kind: "supervisor" | "worker"
  readonly label: string
  /** The slot of the scheduler its process is on; null while there is none. */
  readonly scheduler: number | null
  /** Times the node was restarted by its supervisor. */
  readonly restarts: number
  readonly children: ReadonlyArray<TreeNode>
  /** Children left out of `children` because there are more than `limits.treeChildren`. */
  readonly hidden: number
}
export const TreeNode = Schema.Struct({
  id: Schema.String,
  pid: Schema.NullOr(Schema.String),
  kind: Schema.Literals(["supervisor", "worker"]),
  label: Schema.String,
  scheduler: Schema.NullOr(Count),
  restarts: Count,
  children: Schema.Array(Schema.suspend((): Schema.Codec<TreeNode> => TreeNode)),
  hidden: Count
})

/** What the server sends. A page does well to ignore a `_tag` it does not know. */
export const ServerFrame = Schema.TaggedUnion({
  /** The name is this connection's now. Says which process plays it, and where. Followed by `Rooms`. */
  Welcome: { name: TakenName, scheduler: Count, pid: Schema.String },
  /**
   * In the room: who is there (this one included) and what was last said, oldest first. It comes before any `Message` or
   * `Presence` of the room and replaces all that was known of it. Comes again, unasked, when a room that fell is back.
   */
  Joined: { room: RoomName, members: Schema.Array(TakenName), history: Schema.Array(ChatMessage) },
  Left: { room: RoomName },
  /** The room's process is gone. Its supervisor restarts it and the server joins it again: `Joined` follows by itself. */
  RoomDown: { room: RoomName, reason: Schema.String },
  Message: message,
  /** Who came into a room and who went since the last `Joined` or `Presence`. A name is in one of the two at most. */
  Presence: { room: RoomName, joined: Schema.Array(TakenName), left: Schema.Array(TakenName) },
  /** All open rooms with how many are in each. Comes after `Welcome` and whenever it changes. */
  Rooms: { rooms: Schema.Array(Schema.Struct({ room: RoomName, members: Count })) },
  Backstage: { at: Millis, schedulers: Schema.Array(SchedulerView), tree: TreeNode },
  /** `field` is the path of the field at fault, with dots; `room` and `clientId` are the refused frame's own. */
  Error: {
    code: ErrorCode,
    message: Schema.String,
    field: Schema.optionalKey(Schema.String),
    room: Schema.optionalKey(Schema.String),
    clientId: Schema.optionalKey(Schema.String)
  },
  /** The last frame of a connection that the server closes. `reason` is a sentence for people. */
  Closing: { code: ClosingCode, reason: Schema.String },
  Pong: { nonce: Count, at: Millis }
})
export type ServerFrame = typeof ServerFrame.Type

/** The frame a page gets for what could not be taken. */
export type ErrorFrame = Extract<ServerFrame, { readonly _tag: "Error" }>

/** A client frame as the text of one WebSocket message. */
export const ClientFrameJson = Schema.fromJsonString(ClientFrame)
/** A server frame as the text of one WebSocket message. */
export const ServerFrameJson = Schema.fromJsonString(ServerFrame)

/** The text of a client frame. Throws a `SchemaError` if it is not one: that is the caller's mistake. */
export const encodeClientFrame: (frame: ClientFrame) => string = Schema.encodeSync(ClientFrameJson)
/** The text of a server frame. Throws a `SchemaError` if it is not one: that is the caller's mistake. */
export const encodeServerFrame: (frame: ServerFrame) => string = Schema.encodeSync(ServerFrameJson)
/** Reads a server frame, for clients and tests. */
export const decodeServerFrame: (text: string) => Result.Result<ServerFrame, Schema.SchemaError> =
  Schema.decodeUnknownResult(ServerFrameJson)

/** An `Error` frame; `about` adds the field at fault and the refused frame's own room and id. */
export const errorFrame = (
  code: ErrorCode,
  message: string,
  about: { readonly field?: string; readonly room?: string; readonly clientId?: string } = {}
): ErrorFrame => ({ _tag: "Error", code, message, ...about })

type ClientTag = ClientFrame["_tag"]

// One decoder a frame, picked by its tag, rather than the union's: a wrong field is then named in the frame it is in, and
// an unknown tag is an error of its own.
const strict: SchemaAST.ParseOptions = { onExcessProperty: "error" }
const decoders: { readonly [Tag in ClientTag]: (input: unknown) => Result.Result<ClientFrame, Schema.SchemaError> } = {
  Hello: Schema.decodeUnknownResult(ClientFrame.cases.Hello, strict),
  Join: Schema.decodeUnknownResult(ClientFrame.cases.Join, strict),
  Leave: Schema.decodeUnknownResult(ClientFrame.cases.Leave, strict),
  Say: Schema.decodeUnknownResult(ClientFrame.cases.Say, strict),
  Backstage: Schema.decodeUnknownResult(ClientFrame.cases.Backstage, strict),
  CrashRoom: Schema.decodeUnknownResult(ClientFrame.cases.CrashRoom, strict),
  CrashConnection: Schema.decodeUnknownResult(ClientFrame.cases.CrashConnection, strict),
  KillScheduler: Schema.decodeUnknownResult(ClientFrame.cases.KillScheduler, strict),
  Ping: Schema.decodeUnknownResult(ClientFrame.cases.Ping, strict)
}
const clientTags = Object.keys(decoders)
// `hasOwn`, so that no tag reaches what every object inherits.
const isClientTag = (tag: string): tag is ClientTag => Object.hasOwn(decoders, tag)

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1({
  leafHook: (issue) =>
    issue._tag === "MissingKey"
      ? "Missing"
      : issue._tag === "UnexpectedKey"
        ? "No such field"
        : SchemaIssue.defaultLeafHook(issue)
})

const utf8 = new TextEncoder()
// No code unit takes more than three bytes, so most frames need not be measured.
const isTooLarge = (text: string): boolean =>
  text.length > limits.frameBytes ||
  (text.length * 3 > limits.frameBytes && utf8.encode(text).length > limits.frameBytes)

// What a refused frame says about itself, so that the page can tell which message it was. Only plain short strings, as
// the frame is not to be trusted.
const aboutItself = (input: object): { readonly room?: string; readonly clientId?: string } => {
  const own = (key: string): string | undefined => {
    const value: unknown = Object.hasOwn(input, key) ? Reflect.get(input, key) : undefined
    return typeof value === "string" && value.length <= 64 ? value : undefined
  }
  const room = own("room")
  const clientId = own("clientId")
  return { ...(room === undefined ? {} : { room }), ...(clientId === undefined ? {} : { clientId }) }
}

// What a stranger wrote goes back to them shortened: nobody learns from a long echo.
const shortened = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text)

/**
 * Reads the text of one client frame. Fails with the `Error` frame to answer with: `FrameTooLarge`, `BadJson`,
 * `UnknownFrame`, or `BadFrame` with the path of the first field that is wrong, missing or not a field of the frame.
 */
export const decodeClientFrame = (text: string): Result.Result<ClientFrame, ErrorFrame> => {
  if (isTooLarge(text)) {
    return Result.fail(errorFrame("FrameTooLarge", `A frame may have at most ${limits.frameBytes} bytes`))
  }
  let input: unknown
  try {
    input = JSON.parse(text)
  } catch {
    return Result.fail(errorFrame("BadJson", "A frame must be JSON"))
  }
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    return Result.fail(errorFrame("BadFrame", "A frame must be an object with a _tag", { field: "_tag" }))
  }
  const tag: unknown = Reflect.get(input, "_tag")
  if (typeof tag !== "string") {
    return Result.fail(errorFrame("BadFrame", "_tag: Expected the name of a frame", { field: "_tag" }))
  }
  if (!isClientTag(tag)) {
    const message = `There is no frame "${shortened(tag)}"; there are ${clientTags.join(", ")}`
    return Result.fail(errorFrame("UnknownFrame", message, { field: "_tag" }))
  }
  return Result.mapError(decoders[tag](input), ({ issue }) => {
    const first = formatIssue(issue).issues[0]
    const field = shortened((first?.path ?? []).map(String).join("."))
    const message = `${tag}.${field}: ${first?.message ?? "Expected another value"}`
    return errorFrame("BadFrame", message, { field, ...aboutItself(input) })
  })
}
