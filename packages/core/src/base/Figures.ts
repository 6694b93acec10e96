/** Figures as people read them in texts: 27,207. */

const figures = new Intl.NumberFormat("en-US", { maximumFractionDigits: 3 })

/** A number with separators. */
export const figure = (value: number): string => figures.format(value)

/** So many of something: `1 process`, `2 processes`. */
export const count = (value: number, one: string, many: string): string =>
  `${figure(value)} ${value === 1 ? one : many}`

/** A time in milliseconds as text: whole seconds as seconds. */
export const time = (milliseconds: number): string =>
  milliseconds >= 1000 && milliseconds % 1000 === 0
    ? count(milliseconds / 1000, "second", "seconds")
    : `${figure(Math.round(milliseconds))} ms`
