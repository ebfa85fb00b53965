"""Real services with a store in a file, killed and damaged in every way."""
