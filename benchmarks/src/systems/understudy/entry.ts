/**
 * The entry file of Understudy's worker schedulers: each one runs it to join the system.
 */
import "@understudy/core/Preload"
import * as System from "@understudy/core/System"
import { implementations, layer } from "./implementations.ts"

System.main(import.meta, { implementations, layer })
