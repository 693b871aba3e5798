"""Where a model turns token ids into vectors; knows torch alone."""
