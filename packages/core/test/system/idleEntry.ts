/** An entry that never joins, and whose thread does not end: something keeps it alive. */
setInterval(() => undefined, 60_000)
