"""What an AllenNLP archive must hold besides weights and vocabulary, so that it loads where the checkpoint is gone.

AllenNLP archives its config, the weights and the folder `vocabulary` whole, and reads from that folder what has no
leading dot (`data/vocabulary.py:383`). A hidden folder therein travels with every archive, without a setting.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Callable, Optional

from ..permissions import current

_FOLDER = Path("vocabulary") / ".transformers"
_WEIGHTS = ("best.th", "weights.th")


def find(serialization_dir: Optional[str], part: str, *key: Any) -> Optional[str]:
    """The folder that was kept under `part` and `key` in a serialization folder or an unpacked archive, or None."""
    if serialization_dir is None:
        return None
    folder = _place(serialization_dir, part, key)
    return str(folder) if folder.is_dir() else None


def keep(serialization_dir: Optional[str], part: str, *key: Any, write: Callable[[str], Any]) -> None:
    """Has `write(folder)` fill the folder for `part` and `key`, once, when a training begins.

    A folder that already has weights is being loaded, not trained, and stays as it is; and no load writes anywhere, whatever
    folder its source names.
    """
    if serialization_dir is None or current() is not None:
        return
    if any(os.path.exists(os.path.join(serialization_dir, name)) for name in _WEIGHTS):
        return
    folder = _place(serialization_dir, part, key)
    if folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Several processes of a distributed training write the same: the first to finish wins.
    draft = tempfile.mkdtemp(dir=folder.parent, prefix="draft-")
    try:
        write(draft)
        os.replace(draft, folder)
    except OSError:
        if not folder.exists():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _place(serialization_dir: str, part: str, key: Any) -> Path:
    digest = hashlib.sha256(json.dumps(key, sort_keys=True, default=str).encode()).hexdigest()[:12]
    return Path(serialization_dir) / _FOLDER / (f"{part}-{digest}" if key else part)
