/** How much is tried, from the environment: `PROGRAMS=10000 SEED=1 npm test -- test/properties`. */

const number = (name: string): number | undefined => {
  const text = process.env[name]
  return text === undefined || text === "" ? undefined : Number(text)
}

/** How many programs are played. Default 500. */
export const programs = number("PROGRAMS") ?? 500

/** Where the random numbers start. Default: anywhere. */
export const seed = number("SEED") ?? Math.floor(Math.random() * 2 ** 31)
