/** Internal: what can be started on any scheduler, and starting it. For packages of this project only. */
export type { Definition, Startable } from "../process/Definition.ts"
export { startDefinition, startLinked } from "../spawn/StartDefinition.ts"
