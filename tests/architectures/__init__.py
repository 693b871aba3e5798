"""Tiny random models of every sequence-classification architecture, and what holds for explanations of them."""
