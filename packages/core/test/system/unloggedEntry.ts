/** The same program as `entry.ts`, whose events are for listeners only. */
import { System } from "../../src/index.ts"
import { implementations, unlogged } from "./actors.ts"

System.main(import.meta, { implementations, layer: unlogged })
