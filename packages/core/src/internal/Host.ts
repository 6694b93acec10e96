/** Internal: what a scheduler gives to those that run on it. For packages of this project only. */
export type {
  Directory,
  DirectoryChange,
  DirectoryEntry,
  DirectoryTable,
  DirectoryTables,
  Keys,
  Registration
} from "../address/Directory.ts"
export { Current, type Host, System } from "../process/Host.ts"
export type { ProcessEvent } from "../signal/ProcessEvent.ts"
