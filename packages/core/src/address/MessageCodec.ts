/**
 * How the messages of one mailbox are checked when they are sent, and turned into bytes when they leave their scheduler. An address
 * has the codec of what may be sent to it.
 */
import type { ByteReader, ByteWriter } from "../wire/Bytes.ts"
import type { ContractId } from "./ContractId.ts"
import type { Caller } from "./Reply.ts"

/**
 * A message reached a process that it was not made for: one of another contract, or one without a contract. Internal: its caller is
 * told by a typed error, and a message without a caller is reported.
 */
export class Misdirected extends Error {
  /** What the process takes messages of: the name of its contract, or {@link noContract}. */
  readonly contract: string
  constructor(contract: string, message: string) {
    super(message)
    this.contract = contract
  }
}

/** What stands for the contract of a process that has none. */
export const noContract = "a process without a contract"

/** What stands for a contract that this thread has not met. */
export const anotherContract = "another contract"

/** Checks, encodes and decodes the messages of one mailbox. */
export interface MessageCodec {
  /** What the process is a server of; `undefined` for processes that take plain messages only. */
  readonly contract: ContractId | undefined
  /** Whether a message is one that its process reads itself, and no call or cast of its contract. */
  isPlain(message: unknown): boolean
  /**
   * A message that was made for a mailbox of another codec on the same scheduler, as this mailbox takes it. Throws
   * {@link Misdirected} when it is of another contract, and {@link InvalidMessage} when it is a plain one that does not fit.
   */
  adopt(message: unknown, from: MessageCodec): unknown
  /** Throws {@link InvalidMessage} when `message` is not of the mailbox's type. */
  check(message: unknown): void
  /** Appends a message that passed {@link check}. */
  encode(message: unknown, writer: ByteWriter): void
  /**
   * Reads one message, as a call when there is a `caller`.
   * Throws {@link Misdirected} when it is of another contract, and {@link InvalidMessage} when the bytes are no message of this one.
   */
  decode(reader: ByteReader, caller: Caller | undefined): unknown
  /**
   * For mailboxes that may be of another schema, of which this is a part: says with each message by which it is written.
   * `undefined`: this one does for those too.
   */
  readonly part: MessageCodec | undefined
}
