"""The bundled model for code that loads it with transformers' own classes, on every release of transformers."""

import shutil
from pathlib import Path

import transformers

# The bundled model has safetensors alone, which transformers reads since 4.27.
READS_SAFETENSORS = tuple(int(part) for part in transformers.__version__.split(".")[:2]) >= (4, 27)


def startup_code(folder: Path) -> str:
    """Python code to run before what is tested: `bundled_model()` is then a checkpoint that transformers reads.

    Empty where it is one anyway; else the code names a copy in `folder` that has a `pytorch_model.bin`, too.
    """
    if READS_SAFETENSORS:
        return ""
    import torch
    from safetensors.torch import load_file

    from eli5_transformers import bundled_model

    copy = folder / "model"
    shutil.copytree(bundled_model(), copy)
    torch.save(load_file(str(copy / "model.safetensors")), copy / "pytorch_model.bin")
    return (
        "import pathlib\n"
        "import eli5_transformers.bundled as bundled\n"
        f"bundled.model_path = lambda folder=pathlib.Path({str(copy)!r}): folder\n"
        "del bundled, pathlib\n"
    )
