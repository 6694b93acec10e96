/**
 * Pids: the addresses of processes. A pid is opaque, never reused, the same on every scheduler, and can be sent in messages
 * (`Process.pid` is its schema).
 */
export { equals, isPid, type Pid } from "./address/Pid.ts"
