"""Pure: the values that every other package speaks of."""
