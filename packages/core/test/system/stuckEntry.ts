/** An entry that never gets as far as joining, and never gives its thread back. */
for (;;) {
  // Only its thread's end ends it
}
