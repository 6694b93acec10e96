/** What the second scheduler of schedulers.test.ts runs. */
import * as System from "@understudy/core/System"
import { program } from "./actors.ts"

System.main(import.meta, program)
