/** Numbers, counts and durations as text for people. */

const format = new Intl.NumberFormat("en-US", { maximumFractionDigits: 3 })

/** A number with thousands separators: `27,207`. */
export const formatNumber = (value: number): string => format.format(value)

/** A number with its noun: `1 process`, `2 processes`. */
export const formatCount = (value: number, one: string, many: string): string =>
  `${formatNumber(value)} ${value === 1 ? one : many}`

/** A duration, given in milliseconds, as text: `3 seconds`, `250 ms`. */
export const formatTime = (milliseconds: number): string =>
  milliseconds >= 1000 && milliseconds % 1000 === 0
    ? formatCount(milliseconds / 1000, "second", "seconds")
    : `${formatNumber(Math.round(milliseconds))} ms`
