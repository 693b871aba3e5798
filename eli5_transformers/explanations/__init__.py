"""Attributions to eli5 explanations and to JSON, and back; knows nothing of torch."""
