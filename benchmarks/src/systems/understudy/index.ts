/**
 * Understudy itself, through its public API only, with validation on.
 */
import * as System from "@understudy/core/System"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { system } from "../../System.ts"
import { calls } from "./calls.ts"
import { chat } from "./chat.ts"
import { churn } from "./churn.ts"
import { crossScheduler } from "./crossScheduler.ts"
import { exits } from "./exits.ts"
import { implementations, layer } from "./implementations.ts"
import { messages } from "./messages.ts"
import { parallel } from "./parallel.ts"
import { pool } from "./pool.ts"
import type { UnderstudyProgram } from "./program.ts"
import { registry } from "./registry.ts"
import { spawn } from "./spawn.ts"
import { supervision } from "./supervision.ts"
import { time } from "./time.ts"

/** See the file's header. */
export const understudy = system<UnderstudyProgram>({
  kind: "ours",
  programs: {
    ...spawn,
    ...churn,
    ...messages,
    ...calls,
    ...parallel,
    ...exits,
    ...supervision,
    ...registry,
    ...time,
    ...crossScheduler,
    ...pool,
    ...chat
  },
  start: (program, { schedulers }) =>
    Effect.map(
      Layer.build(
        System.layer(
          schedulers === 1
            ? { schedulers, implementations, layer }
            : { schedulers, implementations, layer, entry: new URL("./entry.ts", import.meta.url) }
        )
      ),
      (context) => Effect.provideContext(program, context)
    )
})
