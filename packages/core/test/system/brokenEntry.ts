/** An entry that never gets as far as joining. */
throw new Error("this entry is broken")
