"""What is known to stand in the way of an explanation, and why; everything else must be explained exactly."""

from typing import Dict, Tuple

NOT_BUILT: Dict[str, Tuple[str, str]] = {
    # architecture: (what the error says, why)
    "deberta-v2": (
        "np.int",
        "this transformers uses np.int, which NumPy 1.24 removed (it works with older ones)",
    ),
    "layoutlmv2": ("detectron2", "not text-only: it looks at an image of the page, with detectron2"),
    "qdqbert": ("pytorch-quantization", "needs pytorch-quantization, a package for GPUs"),
    "tapas": ("torch-scatter", "this transformers needs torch-scatter for it, a package that is compiled"),
}

REFUSED: Dict[str, str] = {
    # architecture: what the refusal must say
    "mra": "MRA attends to nothing without its CUDA kernel",
}

SURROGATE: Dict[str, str] = {
    # architecture: what the caveat must say
    "yoso": "surrogate",
}

HASHES_BY_PRECISION = {"reformer"}
"""Draws other random hashes in float64 than in float32, so the two compute different functions."""
