"""Anything that a person already has, to an AllenNLP predictor: what it is, and who makes a predictor of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence, Union

from .. import compat, foreign
from ..arguments import in_order, is_several, truth, whole_number
from ..compat._guard import guarded
from ..errors import CompatibilityError, InputError, SourceError
from ..interpreters.provenance import source_name
from ..permissions import MAX_UNPACKED, Permissions
from . import archives, configs, folders, objects
from .plugins import loaded
from .predictors import Chosen, require_predictor


@compat.uncompiled
@compat.surviving_forks
def load_predictor(
    source: Any,
    tokenizer: Any = None,
    *,
    device: Union[str, int, None] = None,
    overrides: Union[str, Mapping[str, Any], None] = None,
    ext_vars: Optional[Mapping[str, str]] = None,
    predictor: Chosen = None,
    max_length: Optional[int] = None,
    truncation: Optional[str] = None,
    labels: Optional[Sequence[str]] = None,
    problem_type: Optional[str] = None,
    ordered: Union[bool, Sequence[str], None] = None,
    trust_source: bool = False,
    trust_remote_code: Optional[bool] = None,
    allow_pickle: Optional[bool] = None,
    max_unpacked: Optional[int] = None,
) -> foreign.Predictor:
    """The AllenNLP `Predictor` of anything that classifies texts.

    Parameters
    ----------
    source
        A folder with a HuggingFace checkpoint, or that holds one (docs/sources.md), or its id on the hub; a `.jsonnet` or
        `.json` config with a `model` and a `dataset_reader`, or the bare name of a shipped one; an archive of AllenNLP
        (`model.tar.gz`, or its serialization folder), or one with a checkpoint in it; a transformers pipeline that classifies
        texts; with `tokenizer`, a `PreTrainedModel` or any `torch.nn.Module` that maps `input_ids` and `attention_mask` to
        logits (batch, classes); AllenNLP's `Archive`; or a `Predictor`, which is returned as it is. An object is used as it
        is, never copied or changed.
    tokenizer
        The HuggingFace tokenizer of a model that is given as an object; for a checkpoint, another than its own.
    device
        "cpu", "cuda:0" or a number. A checkpoint, config or archive is loaded to the CPU by default; objects and
        predictors stay where they are, and another device than theirs is refused.
    overrides, ext_vars
        Changes to and external variables of a config, as AllenNLP has them; `overrides` for archives too.
    predictor
        The AllenNLP predictor of a config or archive: its registered name, its class, or an object with "type" and options.
        Without it, it is the one that the config names, else the model's default, else one that hands texts to the reader.
    max_length, truncation
        The most tokens that are read, and what happens to longer texts: "longest_first" (the default), "only_first",
        "only_second" or "error".
    labels, problem_type
        Names of the classes, in the order of the outputs, and the kind of head, where the model's config says nothing
        or something else: "single_label_classification", "multi_label_classification" or "regression".
    ordered
        Whether the classes are ordered labels, such as ratings: by default their names tell (docs/questions.md). True: the
        outputs stand in that order. A list: the names from the lowest to the highest. False: they have none.
    trust_source
        Let a config or an archive do all that AllenNLP lets it do: call any class of any module by its dotted name, read any
        file and environment variable, fetch addresses, and decide on the next two.
        Without it only registered classes and AllenNLP's own are called (docs/trust.md says what else holds).
    trust_remote_code, allow_pickle
        Run code that the checkpoint brings; read weights that can be read only by running what their author chose. What
        is said here counts, whatever a config or archive says; None is False, or with `trust_source` what the file says.
    max_unpacked
        The most bytes that the archives of one load may unpack to; by default 20 GiB.

    Raises SourceError for anything else, and for a source that cannot be loaded or would predict noise; InputError for an
    option that has no effect on the source; CompatibilityError where AllenNLP was imported anew in the same process.
    """
    compat.require_allennlp()
    import torch
    from allennlp.models import Archive
    from allennlp.predictors import Predictor

    from ..compat.modes import require_numbers
    from ..compat.random_functions import private_random_numbers

    require_numbers()
    _require_one_allennlp(source, Predictor)
    trust_source = truth(trust_source, "trust_source")
    trust_remote_code = None if trust_remote_code is None else truth(trust_remote_code, "trust_remote_code")
    allow_pickle = None if allow_pickle is None else truth(allow_pickle, "allow_pickle")
    own = {"max_length": max_length, "truncation": truncation, "labels": labels, "problem_type": problem_type}
    trusted = {"trust_remote_code": trust_remote_code or None, "allow_pickle": allow_pickle or None}
    foreign_files = {"trust_source": trust_source or None, "max_unpacked": max_unpacked}
    permissions = Permissions(
        trust_source,
        trust_remote_code,
        allow_pickle,
        MAX_UNPACKED if max_unpacked is None else whole_number(max_unpacked, "max_unpacked", what="a number of bytes"),
    )
    config = {"overrides": overrides, "ext_vars": ext_vars, "predictor": predictor}
    require_predictor(predictor)
    if isinstance(source, Predictor):
        already = {**own, **config, **trusted, **foreign_files, "tokenizer": tokenizer}
        _refuse(already, "a Predictor, which is loaded already")
        _refuse({"ordered": ordered}, "a Predictor, which is loaded already (give lean() the order)")
        objects.require_place(source._model, device)
        return source
    from . import registered_components  # noqa: F401  registers the components that configs name

    if isinstance(source, Archive):
        fixed = {**own, **config, **trusted, **foreign_files, "tokenizer": tokenizer, "predictor": None}
        _refuse(fixed, "an Archive, which is loaded already")
        return _declared(archives.of_loaded(source, device, predictor), ordered)
    if not isinstance(source, (str, os.PathLike)):
        _refuse({**config, **trusted, **foreign_files}, f"a {type(source).__name__}")
        return _declared(objects.from_object(source, tokenizer, device, own), ordered)
    # A model may be made with random weights before its own are read: the caller's random numbers go on where they were.
    with private_random_numbers(torch.device("cpu")):
        made = _from_path(source, tokenizer, device, own, config, foreign_files, permissions)
    inside = getattr(made, "found_in", "")
    made.loaded_from = source_name(source) + (f"/{inside}" if inside else "")
    return _declared(made, ordered)


def _declared(predictor: Any, ordered: Any) -> Any:
    """The predictor, which knows of its classes what was declared. Raises InputError for an order that is not theirs."""
    if ordered is not None:
        from ..components.explained_predictors import explained_model

        predictor.ordered = in_order(ordered, "ordered") if is_several(ordered) else truth(ordered, "ordered")
        if explained_model(predictor).classes.order is None and predictor.ordered is not False:
            raise InputError("the option ordered is not for a regression, nor for a model of one class")
    return predictor


def _require_one_allennlp(source: Any, kind: Any) -> None:
    """Raises for what was made of an AllenNLP that is gone; `kind` is the class of predictors of the one that is there.

    The classes of this package are those of the AllenNLP that was there when they were made, and so are its registries.
    """
    own = sys.modules.get(f"{__package__.rpartition('.')[0]}.components.predictor")
    if own is not None and vars(own).get(kind.__name__) is not kind:
        raise CompatibilityError(
            "AllenNLP was taken out of sys.modules and imported again after eli5_transformers, whose classes belong to the "
            "earlier one: take eli5_transformers out, too, and import it again, or start a new process"
        )
    if not isinstance(source, kind) and (kind.__module__, kind.__qualname__) in {
        (base.__module__, base.__qualname__) for base in type(source).__mro__
    }:
        raise SourceError(
            f"the {type(source).__name__} was made before AllenNLP was taken out of sys.modules and imported again: load it "
            "again (load_predictor), or start a new process"
        )


def _from_path(
    source: Any,
    tokenizer: Any,
    device: Union[str, int, None],
    own: Mapping[str, Any],
    config: Mapping[str, Any],
    foreign_files: Mapping[str, Any],
    permissions: Permissions,
) -> Any:
    """The predictor of a config, an archive or a checkpoint."""
    from ..huggingface.classifiers import source_errors

    harmless = "a checkpoint, which runs nothing but with trust_remote_code or allow_pickle"
    if not str(source).strip():
        raise SourceError(f"the source is an empty text: give {objects.ACCEPTED}")
    path = Path(os.path.expanduser(os.fspath(source)))
    folders.require_present(path)
    archives.require_whole(path)
    folders.require_folder(path)
    if path.name.endswith(configs.SUFFIXES):
        _refuse({**own, "tokenizer": tokenizer}, "a config (use overrides)")
        changes = configs.as_overrides(config["overrides"], config["ext_vars"])
        file, variables, predictor = configs.find_config(path), config["ext_vars"], config["predictor"]
        return loaded(lambda: configs.from_config(file, device, changes, variables, predictor), permissions)

    def of_checkpoint(folder: Path) -> Any:
        _refuse(config, "a checkpoint")
        _refuse({**foreign_files, "max_unpacked": None}, harmless)
        found = folders.find(folder, str(path))
        with source_errors(f"the checkpoint {str(path)!r} cannot be loaded"):
            predictor = objects.from_checkpoint(str(found.path), tokenizer or found.tokenizer, device, own)
        predictor._model.caveats += (found.note,) if found.note else ()
        if found.path != folder:
            predictor.found_in = str(found.path.relative_to(folder))
        return predictor

    def of_allennlp() -> str:
        _refuse({**own, "tokenizer": tokenizer, "ext_vars": config["ext_vars"]}, "an archive (use overrides)")
        return configs.as_overrides(config["overrides"], None)

    if path.name.endswith(archives.SUFFIXES) or archives.is_serialization_folder(path):
        predictor = config["predictor"]
        return loaded(
            lambda: archives.from_archive(path, device, permissions, of_checkpoint, of_allennlp, predictor), permissions
        )
    _refuse(foreign_files, harmless)
    with guarded(permissions):
        if path.is_dir():
            return of_checkpoint(path)
        _refuse(config, "a checkpoint")
        with source_errors(f"the checkpoint {str(source)!r} cannot be loaded"):
            return objects.from_checkpoint(str(source), tokenizer, device, own)


def _refuse(options: Mapping[str, Any], what: str) -> None:
    """An option that would have no effect is a mistake, and says so."""
    for name, value in options.items():
        if value is not None:
            raise InputError(f"the option {name} is not for {what}")
