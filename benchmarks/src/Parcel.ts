/**
 * What messages between schedulers carry beside an address: the same values as in the BEAM's benchmark.
 */
export const number = 12345
export const text = "hello world, hello actor!"
