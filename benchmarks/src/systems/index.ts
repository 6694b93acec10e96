/**
 * The systems that are compared, by the names they have in the table, in the order in which they take turns. A system is
 * loaded where it is needed, so that no system's OS process holds the code of another.
 */
import type { System } from "../System.ts"

const loaders = {
  understudy: async () => (await import("./understudy/index.ts")).understudy,
  beam: async () => (await import("./beam/index.ts")).beam,
  effect: async () => (await import("./effect/index.ts")).effect,
  cluster: async () => (await import("./cluster/index.ts")).cluster,
  nact: async () => (await import("./nact/index.ts")).nact,
  xstate: async () => (await import("./xstate/index.ts")).xstate,
  comedy: async () => (await import("./comedy/index.ts")).comedy,
  piscina: async () => (await import("./piscina/index.ts")).piscina,
  ws: async () => (await import("./ws/index.ts")).ws,
  plain: async () => (await import("./plain/index.ts")).plain
} satisfies { readonly [name: string]: () => Promise<System> }

/** The systems' names. */
export type SystemName = keyof typeof loaders

// Object.keys of the loaders gives their names
export const systemNames = Object.keys(loaders) as ReadonlyArray<SystemName>

/** Loads a system. */
export const loadSystem = (name: SystemName): Promise<System> => loaders[name]()
