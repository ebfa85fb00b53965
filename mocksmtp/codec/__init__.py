"""Documents to model and back: strict, and with the place of every error."""
