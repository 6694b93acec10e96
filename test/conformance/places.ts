/** A registry of puppets, for the scenarios about `via` names and about what registries see of other schedulers. */
import { Registry } from "@understudy/registry"
import * as Schema from "effect/Schema"
import { Puppet } from "./actors.ts"

/** One puppet a place. */
export const places = Registry.unique("conformance/places", Puppet, Schema.String)

/** Any number of puppets a group. */
export const groups = Registry.duplicate("conformance/groups", Puppet, Schema.String)
