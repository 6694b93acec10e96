// What was said in one room, in an SQLite database of its own: it outlives the room's process. Only that process has it
// open, and every message is on disk before anybody hears it.
import { join } from "node:path"
import { DatabaseSync, type StatementSync } from "node:sqlite"
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

const schema = `
  PRAGMA busy_timeout = 2000;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    sender TEXT NOT NULL,
    text TEXT NOT NULL,
    client_id TEXT
  ) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS message_said_once ON message (sender, client_id) WHERE client_id IS NOT NULL;
`

/** The history of one room. Everything throws when the database does: a room without its history had better crash. */
export class History {
  private readonly room: string
  private readonly database: DatabaseSync
  private readonly insert: StatementSync
  private readonly said: StatementSync
  private readonly newest: StatementSync

  /** Opens the history of `room` in `folder` (or {@link inMemory}), making it if there is none. */
  constructor(folder: string, room: string) {
    this.room = room
    // Rooms' names are file names already, but for those that some systems keep for themselves
    const database = new DatabaseSync(folder === inMemory ? inMemory : join(folder, `room-${room}.sqlite`))
    this.database = database
    database.exec(schema)
    database.prepare("DELETE FROM message WHERE id <= (SELECT COALESCE(MAX(id), 0) FROM message) - ?").run(keptMessages)
    this.insert = database.prepare("INSERT INTO message (at, sender, text, client_id) VALUES (?, ?, ?, ?) RETURNING *")
    this.said = database.prepare("SELECT * FROM message WHERE sender = ? AND client_id = ?")
    this.newest = database.prepare("SELECT * FROM (SELECT * FROM message ORDER BY id DESC LIMIT ?) ORDER BY id")
  }

  /** Adds what somebody says. What the same sender has said under the same `clientId` is not added again. */
  add({ at, clientId, from, text }: Saying): Added {
    const before = clientId === undefined ? undefined : this.said.get(from, clientId)
    if (before !== undefined) return { message: this.read(before), isNew: false }
    return { message: this.read(this.insert.get(at, from, text, clientId ?? null)), isNew: true }
  }

  /** The newest `count` messages, oldest first. */
  latest(count: number): ReadonlyArray<ChatMessage> {
    return this.newest.all(count).map((row) => this.read(row))
  }

  /** Closes the database. */
  close(): void {
    this.database.close()
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
