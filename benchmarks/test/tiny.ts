import type { Workload } from "../src/Workload.ts"

/** As little of a workload as makes sense. */
export const tiny = ({ parameters }: Workload): object =>
  Object.fromEntries(
    Object.entries(parameters.smoke as object).map(([name, value]) => [
      name,
      name === "fib" ? 10 : Math.min(Number(value), 20)
    ])
  )
