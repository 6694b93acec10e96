/** An entry that ends its thread instead of joining. */
process.exit(3)
