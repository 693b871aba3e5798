"""The registered AllenNLP classes around HuggingFace classifiers."""
