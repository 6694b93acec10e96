/**
 * The system's first process: it starts the root, waits for its end, and ends it in order when the system stops.
 */

import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { equals, type Pid } from "../../address/Pid.ts"
import * as ExitReason from "../../exit/ExitReason.ts"
import type { Startable } from "../../process/Definition.ts"
import { Current, type System } from "../../process/Host.ts"
import type { Received, Self } from "../../program/RawProcess.ts"
import { send } from "../../program/Send.ts"
import { exit, trapExit } from "../../program/Signals.ts"
import { sleep } from "../../program/Sleep.ts"
import { spawn } from "../../program/SpawnRaw.ts"
import { Down, Exit as ExitMessage } from "../../signal/Signal.ts"
import { startDefinition } from "../../spawn/StartDefinition.ts"
import type { StartError } from "../../spawn/StartError.ts"

/** How long a root without a shutdown time may go on to initialise when the system stops: milliseconds. */
const initPatience = 3000

const Order = Schema.TaggedUnion({ Stop: {} })

/** A running root. */
export interface Root {
  /** How it ended, when it has. */
  readonly ended: Effect.Effect<ExitReason.ExitReason>
}

/**
 * Starts `root` and waits until it has initialised. It ends with the scope, also when that closes before: with reason shutdown, and by
 * kill when it takes longer than its own shutdown time, also to initialise.
 */
export const start = (root: Startable): Effect.Effect<Root, StartError, System | Scope.Scope> =>
  Effect.gen(function* () {
    const started = yield* Deferred.make<void, StartError>()
    const ended = yield* Deferred.make<ExitReason.ExitReason>()
    yield* Effect.acquireRelease(
      spawn(
        Order,
        // However it ends, the wait for it ends
        (self) => Effect.ensuring(init(self, root, started, ended), Deferred.succeed(ended, ExitReason.killed)),
        { label: "init" }
      ),
      (pid) => Effect.andThen(send(pid, { _tag: "Stop" }), Deferred.await(ended))
    )
    yield* Deferred.await(started)
    return { ended: Deferred.await(ended) }
  })

type Order = typeof Order.Type

const isOrder = (message: Received<Order>): message is Order =>
  !(message instanceof ExitMessage || message instanceof Down)

/** What the system's first process does. */
const init = (
  self: Self<Order>,
  root: Startable,
  started: Deferred.Deferred<void, StartError>,
  ended: Deferred.Deferred<ExitReason.ExitReason>
) =>
  Effect.gen(function* () {
    yield* trapExit(true)
    const record = yield* Current
    const { args, definition, name } = root
    // A system that stops meanwhile gives its root some time to initialise, and then to end in order
    let order: Order | undefined
    const patience = Effect.gen(function* () {
      order = yield* Effect.orDie(self.receiveWhen(isOrder))
      yield* sleep(typeof root.shutdown === "number" ? root.shutdown : initPatience)
    })
    const starting = startDefinition(record.host, record, definition, args, { name }, true)
    const result = yield* Effect.exit(Effect.raceFirst(starting, patience))
    if (Exit.isFailure(result)) {
      // The starter of the system is told; init itself has done its work
      yield* Deferred.succeed(ended, ExitReason.shutdown)
      return yield* Deferred.failCause(started, result.cause)
    }
    const pid = result.value
    if (pid === undefined) return yield* Deferred.succeed(ended, ExitReason.shutdown)
    yield* Deferred.succeed(started, undefined)
    const isRoot = (message: unknown): message is ExitMessage =>
      message instanceof ExitMessage && equals(message.from, pid)
    const first =
      order ??
      (yield* Effect.orDie(
        self.receiveWhen((message): message is ExitMessage | Order => isRoot(message) || isOrder(message))
      ))
    if (first instanceof ExitMessage) return yield* Deferred.succeed(ended, first.reason)
    yield* stop(self, pid, isRoot, root.shutdown)
    return yield* Deferred.succeed(ended, ExitReason.shutdown)
  })

const stop = <M>(
  self: Self<M>,
  pid: Pid,
  isRoot: (message: unknown) => message is ExitMessage,
  limit: Startable["shutdown"]
) =>
  Effect.gen(function* () {
    const isEnd = (message: Received<M>): message is Extract<Received<M>, ExitMessage> => isRoot(message)
    yield* exit(pid, limit === "brutal-kill" ? ExitReason.kill : ExitReason.shutdown)
    const after = typeof limit === "number" ? limit : undefined
    yield* self
      .receiveWhen(isEnd, { after })
      .pipe(
        Effect.catchTag("ReceiveTimeout", () =>
          Effect.andThen(exit(pid, ExitReason.kill), Effect.orDie(self.receiveWhen(isEnd)))
        )
      )
  })
