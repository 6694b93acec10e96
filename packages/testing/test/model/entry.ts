/** What further schedulers run in the tests of models. */

import { System } from "@understudy/core"
import { KvLive } from "./servers.ts"

System.main(import.meta, { implementations: [KvLive] })
