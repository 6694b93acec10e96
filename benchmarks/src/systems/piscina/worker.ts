/**
 * What piscina's threads run: the functions of its tasks, by name.
 */
export { digest, fib } from "../../pool/jobs.ts"
