/**
 * The codec of a server's mailbox: its casts, its calls, and its plain messages if it takes any. Calls and casts say which contract
 * they are of, so that no handler ever runs for a message that was meant for another one.
 */

import { ContractId } from "../address/ContractId.ts"
import { anotherContract, type MessageCodec, Misdirected } from "../address/MessageCodec.ts"
import type { AnswerCodec, Caller } from "../address/Reply.ts"
import { messageOf } from "../base/Foreign.ts"
import { PendingCall, TwinCaller } from "../call/PendingCall.ts"
import { readReason, writeReason } from "../exit/ReasonBytes.ts"
import { IncomingCall } from "../process/IncomingCall.ts"
import { InvalidMessage } from "../schema/InvalidMessage.ts"
import { accepts, acceptsMessage, type ValueCodec } from "../schema/ValueCodec.ts"
import { adoptPlain, isPlain, readPlain, writePart, written } from "../signal/MailboxCodec.ts"
import type { ByteReader, ByteWriter } from "../wire/Bytes.ts"
import { CallMessage, CastMessage, type Method, nothing, TerminateMessage } from "./Protocol.ts"

/** Kinds of messages on the way between schedulers, beside plain ones. */
const castKind = 0
const callKind = 1
const terminateKind = 3

/** A request to end is answered by the end. */
const unanswered: AnswerCodec = { success: nothing, error: nothing }

/** A contract whose messages are also messages of another one. */
export interface Interface {
  readonly codec: ContractCodec
  /** The other contract's methods, in the order of this one's. */
  readonly methods: ReadonlyArray<Method>
}

type Request = CastMessage | CallMessage | TerminateMessage

/** A message that is no plain one. */
const requestOf = (message: unknown): Request | undefined => {
  try {
    const isRequest =
      message instanceof CastMessage || message instanceof CallMessage || message instanceof TerminateMessage
    return isRequest ? message : undefined
  } catch {
    // A revoked proxy is an instance of nothing
    return undefined
  }
}

/** See the file's header. */
export class ContractCodec implements MessageCodec {
  readonly contract: ContractId
  // All that it writes says what it is of
  readonly part = undefined
  private readonly methods: ReadonlyArray<Method>
  private readonly plain: ValueCodec | undefined
  private readonly interfaces: ReadonlyArray<Interface>

  constructor(
    contract: ContractId,
    methods: ReadonlyArray<Method>,
    plain: ValueCodec | undefined,
    interfaces: ReadonlyArray<Interface>
  ) {
    this.contract = contract
    this.methods = methods
    this.plain = plain
    this.interfaces = interfaces
  }

  isPlain(message: unknown): boolean {
    return !(message instanceof CastMessage || message instanceof IncomingCall)
  }

  check(message: unknown): void {
    const request = requestOf(message)
    if (request === undefined) return this.checkPlain(message)
    if (request instanceof TerminateMessage) return
    const { method, payload } = request
    if (!accepts(method.payload, payload)) throw this.invalid(`.${method.tag}`, method.payload.explain(payload))
  }

  private checkPlain(message: unknown): void {
    if (!acceptsMessage(this.plainCodec, message)) throw this.invalid("", this.plainCodec.explain(message))
  }

  private get plainCodec(): ValueCodec {
    if (this.plain === undefined) throw this.invalid("", "its protocol has no plain messages")
    return this.plain
  }

  private invalid(what: string, problem: string): InvalidMessage {
    return new InvalidMessage({ target: `${this.contract.name}${what}`, problem })
  }

  private misdirected(what: string): Misdirected {
    const { name } = this.contract
    return new Misdirected(name, `${what} reached a process of the contract ${name}, which does not take it`)
  }

  // --- on one scheduler ------------------------------------------------------------------------------------------------

  adopt(message: unknown, from: MessageCodec): unknown {
    const { contract } = from
    if (contract === undefined || from.isPlain(message)) {
      return adoptPlain(message, from, this.plainCodec, (plain) => this.checkPlain(plain))
    }
    const known = this.interfaces.find(({ codec }) => codec === from)
    if (known !== undefined) return asOwn(message, known.methods)
    // A module that was evaluated twice
    if (contract.is(this.contract) || this.methodsOf(contract.key) !== undefined) return this.copy(message, from)
    throw this.misdirected(describe(message, contract.name))
  }

  /** Each side has classes of its own. */
  private copy(message: unknown, from: MessageCodec): unknown {
    const caller =
      message instanceof IncomingCall && message.replyTo instanceof PendingCall
        ? new TwinCaller(message.replyTo)
        : undefined
    return this.decode(written(message, from), caller)
  }

  // --- between schedulers ----------------------------------------------------------------------------------------------

  encode(message: unknown, writer: ByteWriter): void {
    if (message instanceof CastMessage) this.encodeMethod(castKind, message, writer)
    else if (message instanceof CallMessage) this.encodeMethod(callKind, message, writer)
    else if (message instanceof TerminateMessage) {
      writer.u8(terminateKind)
      writer.u32(this.contract.key)
      writeReason(writer, message.reason)
    } else {
      // A ref may be of another contract than its process: then that has another schema for them, if it has one
      writePart(this.plainCodec, message, writer)
    }
  }

  private encodeMethod(kind: number, { method, payload }: CastMessage | CallMessage, writer: ByteWriter): void {
    writer.u8(kind)
    writer.u32(this.contract.key)
    writer.varint(method.index)
    method.payload.encode(payload, writer)
  }

  decode(reader: ByteReader, caller: Caller | undefined): unknown {
    const kind = reader.u8()
    if (isPlain(kind)) return this.decodePlain(kind, reader)
    const key = reader.u32()
    const methods = key === this.contract.key ? this.methods : this.methodsOf(key)
    if (methods === undefined) throw this.misdirected(`a message of ${ContractId.nameOf(key) ?? anotherContract}`)
    if (kind === terminateKind && caller !== undefined) {
      return new TerminateMessage(readReason(reader), caller.reply(unanswered))
    }
    const index = reader.varint()
    const method = methods[index]
    if (method === undefined) throw this.invalid("", `it has no message number ${index}`)
    let payload: unknown
    try {
      payload = method.payload.decode(reader)
      reader.finish()
    } catch (problem) {
      throw this.invalid(`.${method.tag}`, messageOf(problem))
    }
    return caller === undefined
      ? new CastMessage(method, payload)
      : new CallMessage(method, payload, caller.reply(method.answer))
  }

  private decodePlain(kind: number, reader: ByteReader): unknown {
    try {
      return readPlain(this.plainCodec, kind, reader)
    } catch (error) {
      throw error instanceof InvalidMessage ? error : this.invalid("", messageOf(error))
    }
  }

  /** The methods that messages of another contract mean here. */
  private methodsOf(key: number): ReadonlyArray<Method> | undefined {
    return this.interfaces.find(({ codec }) => codec.contract.key === key)?.methods
  }
}

/** A message of an interface as one of the contract that has it. */
const asOwn = (message: unknown, methods: ReadonlyArray<Method>): unknown => {
  if (message instanceof CastMessage) {
    // The interface's methods are among the contract's, as was checked when it was defined
    return new CastMessage(methods[message.method.index] as Method, message.payload)
  }
  if (message instanceof CallMessage) {
    return new CallMessage(methods[message.method.index] as Method, message.payload, message.replyTo)
  }
  return message
}

const describe = (message: unknown, contract: string): string => {
  if (message instanceof CastMessage) return `the cast ${contract}.${message.method.tag}`
  if (message instanceof CallMessage) return `the call ${contract}.${message.method.tag}`
  return `a message of ${contract}`
}
