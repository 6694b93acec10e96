/** Run where code generation is forbidden: writes what some values become there. */

import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import { enterSystem } from "../../../src/address/SystemId.ts"
import { loadCompiler } from "../../../src/schema/EffectCodec.ts"
import { valueCodec } from "../../../src/schema/ValueCodec.ts"
import { ByteReader, ByteWriter } from "../../../src/wire/Bytes.ts"
import { canGenerate } from "../../../src/wire/Generate.ts"
import { schemas } from "./schemas.ts"

enterSystem("test")
await Effect.runPromise(loadCompiler)
// The key is in `schemas`
const schema = schemas.deep as Schema.Codec<unknown, unknown>
const codec = valueCodec(schema)
for (const sent of await Effect.runPromise(Arbitrary.sampleEffect(Arbitrary.schema(schema), { count: 20, seed: 7 }))) {
  const writer = new ByteWriter()
  codec.encode(sent, writer)
  const arrived = codec.decode(new ByteReader().wrap(writer.bytes, 0, writer.length))
  const hex = Buffer.from(writer.bytes.subarray(0, writer.length)).toString("hex")
  console.log(JSON.stringify({ may: canGenerate, hex, text: codec.toText(arrived) }))
}
