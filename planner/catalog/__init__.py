"""The catalog: `data/` read into typed rows, each with its source, its date and its origin."""
