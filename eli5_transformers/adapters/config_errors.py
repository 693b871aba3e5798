"""What AllenNLP raises of a config or an archive, as one sentence that names the file, the key and the mend."""

from __future__ import annotations

import inspect
import pickle
import re
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, List, Optional

from ..arguments import did_you_mean
from ..compat._guard import IMPORT_IT
from ..errors import Eli5TransformersError, SourceError, is_error
from ..permissions import OWN_CODE, current

# What AllenNLP says of a name that nothing is registered under (common/params.py, pop_choice).
_UNREGISTERED = re.compile(r"(\S+) not in acceptable choices for (\S+): (\[.*?\])")
_QUOTED = re.compile(r"'([^']*)'")
# What Python says of a key that goes to a base class, as those of a model do that takes **kwargs.
_UNEXPECTED = re.compile(r".*__init__\(\) got an unexpected keyword argument '([^']*)'")
# What torch and AllenNLP say of weights that are another model's (models/model.py, Model._load).
_MISFIT = re.compile(r"Error(?:\(s\))? (?:in )?loading state_?\s?dict", re.IGNORECASE)
_SIZE = re.compile(
    r"size mismatch for ([^:]+): copying a param with shape torch\.Size\((\[[^\]]*\])\).*?model is torch\.Size\((\[[^\]]*\])\)"
)
# The most characters of another library's message.
_LONGEST = 400


@contextmanager
def configuration_errors(path: Path, folder: Optional[Path] = None) -> Iterator[None]:
    """Any error of AllenNLP in a config or archive as a SourceError that names the file, and not `folder`, its copy."""
    from allennlp.common.checks import ConfigurationError

    try:
        yield
    except Eli5TransformersError:
        raise
    except BaseException as error:
        if not is_error(error):
            raise
        permissions = current()
        if permissions is not None and permissions.refusals:
            # AllenNLP may have tried something else after it, and have failed with that.
            raise permissions.refusals[0] from error
        if _is_of_pickles(error):
            # torch's own text advises to run what is in the file.
            reason = (
                "its weights hold more than tensors, or are damaged; allow_pickle=True (--allow-pickle) reads them by running "
                "what their author chose, for a file that you trust"
            )
        elif "trust_remote_code" in str(error):
            reason = f"a checkpoint that it names has {OWN_CODE}"
        else:
            said = " ".join(str(getattr(error, "message", error)).split())
            own = _of_weights(said) or _of_a_key(error, said)
            unknown = _UNREGISTERED.match(said)
            if unknown:
                name, place, choices = unknown.groups()
                said = (
                    f"{name!r} as {place} is not registered{did_you_mean(name, _QUOTED.findall(choices))}: {IMPORT_IT}"
                )
            reason = said if isinstance(error, ConfigurationError) and said else f"{type(error).__name__}: {said}"
            place = _argument(error)
            reason = own or (f"{place!r}: {reason}" if place else reason)
        if folder is not None:
            reason = reason.replace(str(folder), str(path))
        raise SourceError(f"{path} cannot be loaded: {reason[:_LONGEST]}") from error


def _is_of_pickles(error: BaseException) -> bool:
    """Whether it began with a pickle that was refused: older releases of transformers say something else of that."""
    begun: Optional[BaseException] = error
    while begun is not None:
        if isinstance(begun, pickle.UnpicklingError) or "weights_only" in str(begun):
            return True
        begun = begun.__cause__ or begun.__context__
    return False


def _argument(error: BaseException) -> Optional[str]:
    """The argument that AllenNLP was making when the error came, by the frames of its traceback."""
    names = [
        frame.f_locals.get("argument_name")
        for frame, _ in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_name == "construct_arg"
    ]
    return next((name for name in reversed(names) if isinstance(name, str)), None)


def _of_weights(said: str) -> str:
    """The sentence for weights that are not the model's, which torch tells by listing all of them; or empty."""
    if not _MISFIT.match(said):
        return ""
    parts: List[str] = []
    for what, name in (("lacks", "Missing keys"), ("holds", "Unexpected keys")):
        names = _QUOTED.findall(said.partition(f"{name}:")[2].partition("]")[0])
        if names:
            others = f" and {len(names) - 1} others" if len(names) > 1 else ""
            parts.append(f"it {what} {names[0]!r}{others}{' that the model has not' if what == 'holds' else ''}")
    size = _SIZE.search(said)
    if size:
        parts.append(f"its {size[1]!r} is {size[2]}, and {size[3]} in the model")
    return (
        f"the weights file is not of the model that its config and vocabulary describe: {'; '.join(parts) or said}: give the "
        "config.json, vocabulary and weights of one training, unchanged"
    )


def _of_a_key(error: BaseException, said: str) -> str:
    """The sentence for a key of a config that nothing takes; or empty."""
    found = _UNEXPECTED.match(said)
    if not found:
        return ""
    kinds = [
        frame.f_locals.get("cls")
        for frame, _ in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_name == "from_params"
    ]
    kind: Any = next((kind for kind in reversed(kinds) if isinstance(kind, type)), None)
    if kind is None:
        return ""
    known = list(inspect.signature(kind).parameters)
    return f"a {kind.__name__} has no key {found[1]!r}{did_you_mean(found[1], known) or ': take it out'}"
