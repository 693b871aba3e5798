"""Commands that this package adds to AllenNLP's command line."""
