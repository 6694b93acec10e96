/** Mutants of "Messages and order" and "What a message may be". */
import type { Mutant } from "./Mutant.ts"

const process = "packages/core/src/process"
const program = "packages/core/src/program"
const conformance = (area: string): ReadonlyArray<string> => [`test/conformance/${area}.test.ts`]

export const messages: ReadonlyArray<Mutant> = [
  {
    name: "message-twice",
    promise: "MC03",
    says: "A message arrives at most once",
    file: `${process}/Delivery.ts`,
    find: "  mailbox.push(message)\n",
    replace: "  mailbox.push(message)\n  mailbox.push(message)\n",
    tests: conformance("MC"),
    title: "two virtual schedulers > MC03"
  },
  {
    name: "signal-overtakes-messages",
    promise: "R08",
    says: "What one process sends another",
    file: `${process}/Mailbox.ts`,
    find: "    this.push(signal)\n",
    replace: `    const items = [signal, ...this.toArray()]
    this.store = items
    this.head = 0
    this.tail = items.length
`,
    tests: conformance("R"),
    title: "one scheduler > R08"
  },
  {
    name: "last-words-of-a-lost-scheduler-unread",
    promise: "MC07",
    says: "A process's last words arrive before its DOWN",
    file: "packages/core/src/system/mesh/Mesh.ts",
    find: "    while (peer.channel.hasInbound()) this.receive(peer, batch)\n",
    replace: "",
    tests: ["packages/core/test/system/Mesh.test.ts"],
    title: "MC07"
  },
  {
    name: "send-to-the-dead-fails",
    promise: "R11",
    says: "A message to a process that is gone is dropped",
    file: `${process}/Delivery.ts`,
    find: "  if (target === undefined || !target.isRunning) {",
    replace: `  if (target === undefined) throw new Error("no process")
  if (!target.isRunning) {`,
    tests: conformance("R"),
    title: "one scheduler > R11"
  },
  {
    name: "selective-receive-takes-the-newest",
    promise: "R02",
    says: "A selective receive takes the oldest message that matches",
    file: `${process}/Mailbox.ts`,
    find: "for (let at = head + from; at < tail; at++) if",
    replace: "for (let at = tail - 1; at >= head + from; at--) if",
    tests: conformance("R"),
    title: "one scheduler > R02"
  },
  {
    name: "selective-receive-reorders-the-rest",
    promise: "R02",
    says: "leaves the others in their order",
    file: `${process}/Mailbox.ts`,
    find: "    items.copyWithin(at, at + 1, this.tail)\n",
    replace: "    items[at] = items[this.tail - 1]\n",
    tests: conformance("R"),
    title: "one scheduler > R02"
  },
  {
    name: "selector-prefers-its-first-choice",
    promise: "R16",
    says: "A selective receive takes the oldest message that matches",
    file: `${program}/Selector.ts`,
    find: "    return this.choices.some((choice) => choice.matches(message))",
    replace: "    return this.choices[0]?.matches(message) === true",
    tests: conformance("R"),
    title: "one scheduler > R16"
  },
  {
    name: "youngest-waiting-fiber-first",
    promise: "R16",
    says: "the one that has waited longest first",
    file: `${program}/Receive.ts`,
    find: "[...each(other), waiter]",
    replace: "[waiter, ...each(other)]",
    tests: ["packages/core/test/process/Receive.test.ts"],
    title: "wait for any message get them in turns|disturbing the rest"
  },
  {
    name: "other-messages-extend-a-receive",
    promise: "R06",
    says: "A receive's time is not extended by messages that do not match",
    file: `${program}/Receive.ts`,
    find: "    if (!isNotNow(message)) return this.over(message)\n    this.seen = mailbox.length\n",
    replace: `    if (!isNotNow(message)) return this.over(message)
    if (this.timer !== undefined) {
      record.host.timers.clear(this.timer)
      this.expireAfter(60_000)
    }
    this.seen = mailbox.length
`,
    tests: conformance("R"),
    title: "one scheduler > R06"
  },
  {
    name: "receive-of-no-time-waits",
    promise: "R05",
    says: "a time of 0 only looks",
    file: `${program}/Receive.ts`,
    find: "    if (after === 0) return Exit.fail(new ReceiveTimeout({ after }))\n",
    replace: "",
    tests: conformance("R"),
    title: "one scheduler > R05"
  },
  {
    name: "flush-forgets-links",
    promise: "R15",
    says: "Emptying a mailbox touches neither links nor monitors",
    file: `${program}/RawProcess.ts`,
    find: "      record.mailbox.clear()\n      admitWaiting(record)\n",
    replace:
      "      record.mailbox.clear()\n      admitWaiting(record)\n      while (record.links !== undefined) record.links.leave()\n",
    tests: conformance("R"),
    title: "one scheduler > R15"
  },
  {
    name: "revoked-alias-delivers",
    promise: "M24",
    says: "A message sent to a revoked alias",
    file: `${process}/Aliases.ts`,
    find: "  if (mode === undefined) return false\n",
    replace: "  if (mode === undefined) return true\n",
    tests: conformance("M"),
    title: "one scheduler > M24"
  },
  {
    name: "reply-alias-takes-two",
    promise: "M20",
    says: "through a reply alias after its first message",
    file: `${process}/Aliases.ts`,
    find: `  if (mode === "reply" || mode === "reply-demonitor") record.extra?.aliases?.delete(ref)\n`,
    replace: "",
    tests: conformance("M"),
    title: "one scheduler > M2[03]"
  },
  {
    name: "alias-outlives-its-monitor",
    promise: "M21",
    says: "A message sent to a revoked alias",
    file: `${process}/Aliases.ts`,
    find: `  if (mode === "demonitor" || mode === "reply-demonitor") record`,
    replace: `  if (mode === "reply-demonitor") record`,
    tests: conformance("M"),
    title: "one scheduler > M21"
  },
  {
    name: "bad-message-gets-in",
    promise: "S03",
    says: "Nothing that is not of a mailbox's type gets into it",
    file: `${program}/Send.ts`,
    find: "      to.codec.check(message)\n",
    replace: "",
    tests: conformance("S"),
    title: "one scheduler > S03"
  },
  {
    name: "send-unknown-dies",
    promise: "S03",
    says: "at untyped edges `sendUnknown` fails with a typed error instead",
    file: `${program}/Send.ts`,
    find: "defect instanceof InvalidMessage ? Effect.fail(defect) : Effect.die(defect)",
    replace: "Effect.die(defect)",
    tests: conformance("S"),
    title: "one scheduler > S03"
  },
  {
    name: "foreign-call-reaches-a-handler",
    promise: "S50",
    says: "A message reaches only a handler that was meant for it",
    file: "packages/core/src/behaviour/ContractCodec.ts",
    find: "    throw this.misdirected(describe(message, contract.name))\n",
    replace: "    return message\n",
    tests: ["test/conformance/contracts/Contracts.test.ts"],
    title: "one scheduler > S50 a server, by its pid: calls"
  },
  {
    name: "call-without-a-handler-hangs",
    promise: "GS30",
    says: "ends at once in `UnknownCall`",
    file: "packages/core/src/behaviour/ServerLoop.ts",
    find: `      message.refuse(this.kind.contract, "no-handler")\n`,
    replace: "",
    tests: ["test/conformance/contracts/Contracts.test.ts"],
    title: "one scheduler > GS30"
  },
  {
    name: "twin-contract-is-another",
    promise: "S50",
    says: "Two evaluations of a contract's module in one program",
    file: "packages/core/src/behaviour/ContractCodec.ts",
    find: "    if (contract.is(this.contract) || this.methodsOf(contract.key)",
    replace: "    if (this.methodsOf(contract.key)",
    tests: ["test/conformance/contracts/Twins.test.ts"],
    title: "one scheduler > S50 again: calls, casts, answers and typed failures"
  },
  {
    name: "other-version-starts",
    promise: "S50",
    says: "fails with `other-version`",
    file: "packages/core/src/behaviour/Start.ts",
    find: "    if (definition.codec.contract?.is(internals.codec.contract) !== true) {",
    replace: "    if (definition.codec.contract === undefined) {",
    tests: ["test/conformance/contracts/Twins.test.ts"],
    title: "one scheduler > S50 a start by the other version"
  },
  {
    name: "server-calls-itself",
    promise: "GS44",
    says: "A process that calls or stops itself is told so at once",
    file: "packages/core/src/behaviour/Ref.ts",
    find: "      if (caller !== undefined && equals(caller.pid, pid)) return Exit.fail(new CallingSelf(this.about()))\n",
    replace: "",
    tests: ["test/conformance/contracts/Contracts.test.ts"],
    title: "one scheduler > GS44 a raw process"
  },
  {
    name: "first-union-member-that-takes-it",
    promise: "S59",
    says: "A value of a union goes to another scheduler by the member that knows the most of it",
    file: "packages/core/src/schema/Coverage.ts",
    find: "    if (name in value) known += 1 + cover(",
    replace: "    if (name in value) known += cover(",
    tests: ["packages/core/test/process/codec/Unions.test.ts"],
    title: "S59 structs: a value that one of them"
  },
  {
    name: "sent-message-can-be-changed",
    promise: "R17",
    says: "A message arrives as it was when it was sent",
    file: "packages/core/src/base/Freeze.ts",
    find: "  Object.freeze(value)\n",
    replace: "",
    tests: conformance("R"),
    title: "one scheduler > R17"
  },
  {
    name: "array-holes-filled",
    promise: "S25",
    says: "What no schema describes",
    file: "packages/core/src/wire/AnyValue.ts",
    find: "    if (kind === tag.hole) continue\n",
    replace: "    if (kind === tag.hole) {\n      items[at] = undefined\n      continue\n    }\n",
    tests: ["packages/core/test/process/codec/AnyValue.test.ts"]
  },
  {
    name: "errors-lose-their-cause",
    promise: "S25",
    says: "An error arrives as JavaScript's class of it",
    file: "packages/core/src/wire/AnyValue.ts",
    find: `const nonEnumerable = new Set(["cause", "errors"])`,
    replace: `const nonEnumerable = new Set(["errors"])`,
    tests: ["packages/core/test/process/codec/AnyValue.test.ts"]
  },
  {
    name: "function-as-nothing",
    promise: "S25",
    says: "sending one to another scheduler is the sender's `InvalidMessage`",
    file: "packages/core/src/wire/AnyValue.ts",
    find: '    case "function":\n      return cannotSend(',
    replace: '    case "function":\n      return writer.u8(tag.undefined)\n      return cannotSend(',
    tests: ["packages/core/test/process/codec/AcrossSchedulers.test.ts"],
    title: "S25 is its sender's InvalidMessage"
  },
  {
    name: "unreadable-message-ends-its-receiver",
    promise: "S61",
    says: "Whatever a value is",
    file: "packages/core/src/schema/ValueCodec.ts",
    find: "  accepts(codec, value) && (!codec.mayAcceptUnread || isReadable(value))\n",
    replace: "  accepts(codec, value)\n",
    tests: ["test/hostile/hostile.test.ts"],
    title: "one scheduler.*S61 a plain message: each kind alone"
  },
  {
    name: "suspend-drops",
    promise: "S02",
    says: "A bounded mailbox does what its policy says when it is full",
    file: `${process}/Delivery.ts`,
    find: `    case "suspend":\n      return false\n`,
    replace: `    case "suspend":\n      return true\n`,
    tests: conformance("S"),
    title: "one scheduler > S02"
  },
  {
    name: "ended-sender-still-sends",
    promise: "S02",
    says: "A sender that gives up to wait, or ends meanwhile, has sent nothing",
    file: "packages/core/src/call/Offer.ts",
    find: "      leave()\n      gone()\n",
    replace: "      gone()\n",
    tests: ["test/conformance/Ends.test.ts"],
    title: "one scheduler > S51 a cast that waits for room"
  },
  {
    name: "signals-count-against-the-bound",
    promise: "S01",
    says: "DOWN and EXIT are never counted against a bound",
    file: `${process}/Mailbox.ts`,
    find: "    return this.tail - this.head - this.signals\n",
    replace: "    return this.tail - this.head\n",
    tests: conformance("S"),
    title: "one scheduler > S01"
  },
  {
    name: "signals-are-evicted",
    promise: "S01",
    says: "never refused and never evicted",
    file: `${process}/Mailbox.ts`,
    find: "    const at = this.find((item) => !isSignal(item), 0)\n",
    replace: "    const at = this.length > 0 ? 0 : -1\n",
    tests: conformance("S"),
    title: "one scheduler > S01"
  }
]
