"""A model with everything fixed that makes it nonlinear: which operations, how, and whether the parts sum to the whole."""
