/** What further schedulers run in the test of a model that is wrong. */

import { System } from "@understudy/core"
import { ForgetfulLive } from "./servers.ts"

System.main(import.meta, { implementations: [ForgetfulLive] })
