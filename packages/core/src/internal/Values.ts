/** Internal: how values are checked, written and compared. For packages of this project only. */
export { keyOf, parse as parsePid } from "../address/Pid.ts"
export { accepts, valueCodec } from "../schema/ValueCodec.ts"
