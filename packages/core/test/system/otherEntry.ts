/** An entry of another build: it knows another contract of the same name. */
import * as Schema from "effect/Schema"
import { GenServer, System } from "../../src/index.ts"

const Worker = GenServer.define("test/Worker", { args: { name: Schema.Int }, protocol: {} })

System.main(import.meta, { implementations: [Worker.implement({ init: () => 0, handle: {} })] })
