"""The methods that are measured side by side."""

from __future__ import annotations

from typing import Any, Dict

METHODS: Dict[str, Dict[str, Any]] = {
    "integrated-gradients": {},
    "integrated-gradients, pad": {"type": "integrated-gradients", "baseline": "pad"},
    "linearization": {},
    "gradient-x-input": {},
    "gradient": {},
    "smoothgrad": {},
    "smoothgrad of integrated-gradients": {"type": "smoothgrad", "around": "integrated-gradients", "samples": 5},
    "occlusion": {},
    "captum": {"method": "ShapleyValueSampling", "options": {"n_samples": 5}},
    "simple-gradient": {},
    "integrated-gradient": {},
    "smooth-gradient": {},
}
