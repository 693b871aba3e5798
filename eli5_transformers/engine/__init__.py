"""What interpreters ask of a model: passes, targets, baselines, batches, quadrature."""
