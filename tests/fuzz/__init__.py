"""Programs that make up input, and oracles that say what should come of it."""
