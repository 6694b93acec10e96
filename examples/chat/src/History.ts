// What was said in one room, in an SQLite database of its own: it outlives the room's process. Only that process has it
// open, and every message is on disk before anybody hears it. A room in which nothing was said has no file.
import { existsSync, rmSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import type { ChatMessage } from "./protocol.ts"

/** Messages beyond the newest this many are dropped when the room opens. */
export const keptMessages = 10_000

/** In place of a folder: the history is in memory and ends with the room's process. */
export const inMemory = ":memory:"

/** Something to be added. */
export type Saying = Omit<ChatMessage, "id" | "room">

/** A message, and whether it was added just now or had been there already. */
export interface Added {
  readonly message: ChatMessage
  readonly isNew: boolean
}

// A database is made without waiting for the disk, since there is nothing to lose yet
const schema = `
  PRAGMA busy_timeout = 2000;
  PRAGMA synchronous = OFF;
  PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    sender TEXT NOT NULL,
    text TEXT NOT NULL,
    client_id TEXT
  ) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS message_said_once ON message (sender, client_id) WHERE client_id IS NOT NULL;
  PRAGMA synchronous = NORMAL;
`

// Rooms' names are file names already, but for those that some systems keep for themselves
const fileOf = (folder: string, room: string): string =>
  folder === inMemory ? inMemory : join(folder, `room-${room}.sqlite`)

/** A database that is open, and what is asked of it. */
const open = (file: string) => {
  const database = new DatabaseSync(file)
  database.exec(schema)
  database.prepare("DELETE FROM message WHERE id <= (SELECT COALESCE(MAX(id), 0) FROM message) - ?").run(keptMessages)
  return {
    database,
    any: database.prepare("SELECT 1 FROM message LIMIT 1"),
    insert: database.prepare("INSERT INTO message (at, sender, text, client_id) VALUES (?, ?, ?, ?) RETURNING *"),
    said: database.prepare("SELECT * FROM message WHERE sender = ? AND client_id = ?"),
    newest: database.prepare("SELECT * FROM (SELECT * FROM message ORDER BY id DESC LIMIT ?) ORDER BY id")
  }
}

/** The history of one room. Everything throws when the database does: a room without its history had better crash. */
export class History {
  private readonly room: string
  private readonly file: string
  /** Opened for the first message, unless there is a file. */
  private opened: ReturnType<typeof open> | undefined

  /** The history of `room` in `folder` (or {@link inMemory}). */
  constructor(folder: string, room: string) {
    this.room = room
    this.file = fileOf(folder, room)
    if (History.exists(folder, room)) this.opened = open(this.file)
  }

  /** Whether there is a file of the room. */
  static exists(folder: string, room: string): boolean {
    return folder !== inMemory && existsSync(fileOf(folder, room))
  }

  /** Whether nothing was ever said. */
  get isEmpty(): boolean {
    return this.opened?.any.get() === undefined
  }

  /** Adds what somebody says. What the same sender has said under the same `clientId` is not added again. */
  add({ at, clientId, from, text }: Saying): Added {
    this.opened ??= open(this.file)
    const { insert, said } = this.opened
    const before = clientId === undefined ? undefined : said.get(from, clientId)
    if (before !== undefined) return { message: this.read(before), isNew: false }
    return { message: this.read(insert.get(at, from, text, clientId ?? null)), isNew: true }
  }

  /** The newest `count` messages, oldest first. */
  latest(count: number): ReadonlyArray<ChatMessage> {
    return (this.opened?.newest.all(count) ?? []).map((row) => this.read(row))
  }

  /** Closes the database. A file without a message in it is taken away. */
  close(): void {
    const { file, isEmpty } = this
    this.opened?.database.close()
    this.opened = undefined
    if (file === inMemory || !isEmpty) return
    // SQLite's own two go when the database is closed, unless a process before this one was killed
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${file}${suffix}`, { force: true })
  }

  private read(row: Record<string, unknown> | undefined): ChatMessage {
    // The table's columns are strict, so a row has these types
    const { at, client_id, id, sender, text } = row as {
      at: number
      client_id: string | null
      id: number
      sender: string
      text: string
    }
    const message = { room: this.room, id, at, from: sender, text }
    return client_id === null ? message : { ...message, clientId: client_id }
  }
}
