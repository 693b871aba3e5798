"""Explanations as a person sees them: pages, comparisons, plots, the terminal."""
