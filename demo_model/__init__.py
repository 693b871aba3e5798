"""The generator of sentences with known evidence, and the training of the demonstration model on them."""
