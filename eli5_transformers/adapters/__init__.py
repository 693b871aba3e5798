"""Whatever a person has, to an AllenNLP predictor."""
