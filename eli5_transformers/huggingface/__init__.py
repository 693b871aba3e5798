"""Checkpoints on disk: classifiers, weights, labels, and what an archive keeps of them."""
