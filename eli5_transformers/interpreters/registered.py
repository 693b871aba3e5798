"""Registers all interpreters with AllenNLP: importing this module makes their names known to configs."""

from . import (  # noqa: F401
    captum,
    gradient,
    gradient_x_input,
    integrated_gradients,
    linearization,
    occlusion,
    saliency_predictor,
    shapley,
    smoothgrad,
)
