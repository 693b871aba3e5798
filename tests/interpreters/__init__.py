"""Tests of the attribution engine and its interpreters."""

import eli5_transformers  # noqa: F401  makes AllenNLP importable
