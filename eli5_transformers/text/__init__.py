"""Texts to tokens with their places, words and sentences."""
