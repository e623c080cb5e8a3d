"""The language of recipes: YAML, numbers that are drawn, steps, proofs of what they can reach."""
