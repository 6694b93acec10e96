/** Tests of Understudy programs. */
export * as Probe from "./Probe.ts"
