/** `model(title, Model, options)`: a test that checks a model with random programs. */

import type { Protocol } from "@understudy/core/GenServer"
import { test } from "vitest"
import { type CheckModelOptions, checkModel } from "../model/CheckModel.ts"
import type { Model } from "../model/Model.ts"

/** How a model is tested. */
export interface ModelTestOptions<P extends Protocol, E> extends CheckModelOptions<P, E> {
  /** How long the test may take, in milliseconds. Default: vitest's. */
  readonly testTimeout?: number | undefined
}

/**
 * A test: fails with the smallest program for which the model does not explain what its clients saw, its history and the seed. The
 * programs run one by one, each on a fresh virtual system.
 *
 * ```ts
 * model("the store is linearisable", Kv, { clients: 3, schedulers: 2, implementations: [KvLive], start: GenServer.start(KvStore) })
 * ```
 */
export const model = <P extends Protocol, State, E>(
  title: string,
  of: Model<P, State>,
  options: ModelTestOptions<P, E>
): void => {
  test(title, options.testTimeout === undefined ? {} : { timeout: options.testTimeout }, async () => {
    await checkModel(of, options)
  })
}
