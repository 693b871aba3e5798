"""What AllenNLP's functions must not do with a source that is not trusted, while this package loads it.

AllenNLP's files stay as they are. Some functions of its imported modules, and one of transformers', are put into a wrapper
that asks the `permissions` of the thread or task: outside of a load, and in one that trusts its source, they do what they
always did.
"""

from __future__ import annotations

import functools
import inspect
import os
import re
import sys
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from types import ModuleType
from typing import Any, Callable, Dict, Iterator, Mapping, Optional, Tuple

from .. import permissions
from ..arguments import did_you_mean
from ..errors import SourceError
from ..locks import ProcessLock
from ..permissions import OWN_CODE, Permissions, allows, current, guarding, transformers_options
from ..unpacking import unpacked
from ._finder import when_imported
from ._imports import view
from ._pickles import tensors_alone
from ._stack import installed_version, release

OWN_PACKAGES = ("allennlp", "eli5_transformers")
"""The packages whose classes a config may name by their dotted path."""

IMPORT_IT = "import the package that registers it before (`import my_package`; --include-package my_package)"
"""The mend for a name that is not registered."""

_IMPORTED_BY_JSONNET = (".jsonnet", ".libsonnet", ".json")
_SPACY_MODEL = re.compile(r"[a-z]{2,3}_[a-z]+_[a-z]+")
_lock = ProcessLock()
_installed = False


@contextmanager
def guarded(wanted: Permissions) -> Iterator[Permissions]:
    """A load with these permissions: AllenNLP's functions keep to them in this thread or task."""
    _install()
    with tensors_alone(), permissions.loading(wanted) as given:
        yield given


def _install() -> None:
    global _installed
    with _lock:
        if not _installed:
            for name, wrap in _WRAPPED.items():
                when_imported(name, wrap)
            _installed = True


def _around(module: Any, name: str, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    original = getattr(module, name)
    setattr(module, name, functools.wraps(original)(wrap(original)))


def _registrable(module: ModuleType) -> None:
    """`resolve_class_name` imports any module of a dotted name and gives anything of it to be called."""
    registrable = module.Registrable  # type: ignore[attr-defined]
    original = registrable.resolve_class_name.__func__

    @functools.wraps(original)
    def resolve_class_name(cls: Any, name: Any) -> Tuple[Any, Optional[str]]:
        loading = current()
        if loading is not None and name not in registrable._registry[cls]:
            loading.unregistered.append(str(name))
        given = guarding()
        if given is None or name in registrable._registry[cls]:
            return original(cls, name)
        shown = str(name)[:200]
        if isinstance(name, str) and "." not in name:
            raise SourceError(
                f"{shown!r} is not a registered {cls.__name__}{did_you_mean(shown, registrable._registry[cls])}: {IMPORT_IT}"
            )
        refusal = (
            f"the source names {shown!r} as a {cls.__name__}, which is neither registered nor imported nor AllenNLP's: import "
            "its package before (--include-package), if it is your own"
        )
        imported = _imported_class(name, cls)
        if imported is not None:
            return imported, None
        parts = name.split(".") if isinstance(name, str) else [""]
        # Modules such as `allennlp.__main__` are programs: they change the process when they are imported.
        if parts[0] not in OWN_PACKAGES or any(part.startswith("_") for part in parts[:-1]):
            raise given.refuse(refusal)
        found, constructor = original(cls, name)
        own = isinstance(found, type) and found.__module__.partition(".")[0] in OWN_PACKAGES
        if not own or not issubclass(found, cls):
            raise given.refuse(refusal)
        return found, constructor

    registrable.resolve_class_name = classmethod(resolve_class_name)


def _imported_class(name: Any, kind: Any) -> Optional[Any]:
    """The class of that kind in a module that its user has imported, or None; nothing is imported or computed for it."""
    place, _, attribute = str(name).rpartition(".")
    found = vars(sys.modules[place]).get(attribute) if place in sys.modules else None
    return found if isinstance(found, type) and issubclass(found, kind) else None


def _params(module: ModuleType) -> None:
    """A config reads every environment variable (`std.extVar`) and every file (`import`, `importstr`)."""

    def environment(original: Callable[[], Dict[str, str]]) -> Callable[[], Dict[str, str]]:
        return lambda: original() if guarding() is None else {}

    def evaluate(original: Callable[..., str]) -> Callable[..., str]:
        def evaluate_file(filename: str, **options: Any) -> str:
            if guarding() is not None:
                options["import_callback"] = _importing_beside(os.path.dirname(os.path.abspath(filename)))
            return original(filename, **options)

        return evaluate_file

    def noting(original: Callable[..., Any]) -> Callable[..., Any]:
        def pop_choice(self: Any, key: str, *args: Any, **options: Any) -> Any:
            said = self.params.get(key)
            try:
                return original(self, key, *args, **options)
            except module.ConfigurationError:  # AllenNLP may try something else, and say something of that
                loading = current()
                if loading is not None and isinstance(said, str):
                    loading.unregistered.append(said)
                raise

        return pop_choice

    _around(module, "_environment_variables", environment)
    _around(module.Params, "pop_choice", noting)
    _around(module, "evaluate_file", evaluate)


def _importing_beside(folder: str) -> Callable[[str, str], Tuple[str, bytes]]:
    """Imports jsonnet of the config's folder and of those in it."""
    root = os.path.realpath(folder)

    def read(directory: str, name: str) -> Tuple[str, bytes]:
        path = os.path.join(directory, name)
        real = os.path.realpath(path)
        if os.path.commonpath([root, real]) != root or not name.endswith(_IMPORTED_BY_JSONNET):
            raise OSError(
                "only .jsonnet, .libsonnet and .json files of the config's own folder are imported; trust_source=True "
                "(--trust-source) allows it, for a source that you trust"
            )
        if not os.path.isfile(real):
            raise OSError("there is no such file")
        with open(real, "rb") as file:
            return path, file.read()

    return read


def _file_utils(module: ModuleType) -> None:
    """`cached_path` fetches every URL, with the user's credentials for three clouds, and unpacks archives."""
    real = module._cached_path  # type: ignore[attr-defined]

    def cached_path(url_or_filename: Any, *args: Any, **options: Any) -> Any:
        given = guarding()
        path = os.fspath(url_or_filename)
        if given is not None and "://" in path:
            raise given.refuse(f"the source names the address {path[:200]!r}, which is not fetched")
        if given is not None and (options.get("extract_archive") or "!" in path) and not os.path.isdir(path):
            if not os.path.exists(os.path.expanduser(path)):
                raise FileNotFoundError(f"file {path} not found")
            raise given.refuse(f"the source names the archive {path[:200]!r}, which is not unpacked")
        return real.cached_path(url_or_filename, *args, **options)

    module._cached_path = _Instead(real, cached_path=cached_path)  # type: ignore[attr-defined]


class _Instead:
    """An object with some of its names replaced."""

    def __init__(self, real: Any, **replaced: Any) -> None:
        self._real = real
        self.__dict__.update(replaced)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def _archival(module: ModuleType) -> None:
    """`extracted_archive` unpacks whatever an archive holds, wherever its links lead, of any size."""

    def extract(original: Callable[..., Any]) -> Callable[..., Any]:
        def extracted_archive(resolved_archive_file: Any, cleanup: bool = True) -> Any:
            given = current()
            if given is None:
                return original(resolved_archive_file, cleanup)
            return unpacked(resolved_archive_file, given, cleanup)

        return extracted_archive

    _around(module, "extracted_archive", extract)


def _cached_transformers(module: ModuleType) -> None:
    """The options of a config go to transformers, which asks on stdin where `trust_remote_code` is not among them.

    And AllenNLP keeps models by their names alone: what one source made of a name, with options or code of its choice, all
    later ones would get.
    """

    def with_options(original: Callable[..., Any]) -> Callable[..., Any]:
        def load(*args: Any, **options: Any) -> Any:
            if current() is None:
                return original(*args, **options)
            parameters = inspect.signature(original).parameters
            given = transformers_options({name: value for name, value in options.items() if name not in parameters})
            token = _options.set(repr(sorted(given.items())))
            try:
                return original(*args, **{**options, **given})
            finally:
                _options.reset(token)

        return load

    _around(module, "get", with_options)
    _around(module, "get_tokenizer", with_options)
    module._model_cache = _ByOptions(module._model_cache)  # type: ignore[attr-defined]


_options: ContextVar[str] = ContextVar("eli5_transformers_options", default="")


class _ByOptions(Dict[Any, Any]):
    """AllenNLP's cache of models, in a load by the options with which a model is made, too."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get((key, _options.get()) if _options.get() else key, default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__((key, _options.get()) if _options.get() else key, value)


def _hub_kernels(module: ModuleType) -> None:
    """transformers 5 fetches and imports the attention that any checkpoint's config names by a repository of the hub."""

    def load(original: Callable[..., Any]) -> Callable[..., Any]:
        def load_and_register_attn_kernel(attn_implementation: str, *args: Any, **options: Any) -> Any:
            if current() is not None and module.is_kernel(attn_implementation) and not allows("trust_remote_code"):
                shown = attn_implementation[:100]
                raise SourceError(f"a checkpoint asks for the attention {shown!r} of the hub, which is {OWN_CODE}")
            return original(attn_implementation, *args, **options)

        return load_and_register_attn_kernel

    if hasattr(module, "load_and_register_attn_kernel"):
        _around(module, "load_and_register_attn_kernel", load)


def _transformer_module(module: ModuleType) -> None:
    """The same for AllenNLP's own transformers, which are made from a checkpoint's config and weights."""
    kind = module.TransformerModule  # type: ignore[attr-defined]
    original = kind.from_pretrained_module.__func__

    @functools.wraps(original)
    def from_pretrained_module(cls: Any, *args: Any, auto_config_kwargs: Any = None, **options: Any) -> Any:
        if current() is not None:
            auto_config_kwargs = transformers_options(auto_config_kwargs)
        return original(cls, *args, auto_config_kwargs=auto_config_kwargs, **options)

    kind.from_pretrained_module = classmethod(from_pretrained_module)


def _weights(module: ModuleType) -> None:
    """`torch.load` of an archive's weights: as the caller permits, not as an environment variable has it."""

    def load(*args: Any, **options: Any) -> Any:
        import torch

        given = current()
        if given is not None and release(installed_version("torch")) >= (1, 13):
            options["weights_only"] = not given.pickles
        held = torch.load(*args, **options)
        if given is not None and not isinstance(held, Mapping):
            raise SourceError(f"the weights that the source names are a {type(held).__name__}, not a dict of tensors by name")
        return held

    module.torch = view(module.torch, "load", load)  # type: ignore[attr-defined]


def _spacy(module: ModuleType) -> None:
    """`get_spacy_model` loads any folder, imports any module, and installs what is missing with pip."""

    def only_installed(original: Callable[..., Any]) -> Callable[..., Any]:
        def get_spacy_model(spacy_model_name: str, *args: Any, **options: Any) -> Any:
            given = guarding()
            if given is not None and not _is_installed_model(spacy_model_name):
                raise given.refuse(
                    f"the source asks for the spaCy model {str(spacy_model_name)[:100]!r}, which is not installed "
                    "(python -m spacy download installs one)"
                )
            return original(spacy_model_name, *args, **options)

        return get_spacy_model

    _around(module, "get_spacy_model", only_installed)


def _is_installed_model(name: str) -> bool:
    # As spaCy asks for it: a module of that name is no model.
    return _SPACY_MODEL.fullmatch(name) is not None and installed_version(name) is not None


def _vocabulary(module: ModuleType) -> None:
    """A vocabulary is read behind a lock, for which a file is made in whatever folder the config names."""

    def without_files(original: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **options: original(*args, **options) if guarding() is None else nullcontext()

    _around(module, "FileLock", without_files)


def _asking(module: ModuleType) -> None:
    """transformers asks on stdin where one of its classes calls another without what it was told of `trust_remote_code`."""

    def ask(prompt: str = "") -> str:
        if current() is not None:
            raise EOFError("nobody is asked while a source is loaded")
        return input(prompt)

    module.input = ask  # type: ignore[attr-defined]


_WRAPPED: Dict[str, Callable[[ModuleType], None]] = {
    "allennlp.common.registrable": _registrable,
    "allennlp.common.params": _params,
    "allennlp.common.file_utils": _file_utils,
    "allennlp.models.archival": _archival,
    "allennlp.common.cached_transformers": _cached_transformers,
    "allennlp.modules.transformer.transformer_module": _transformer_module,
    "allennlp.data.vocabulary": _vocabulary,
    "allennlp.nn.util": _weights,
    "allennlp.nn.initializers": _weights,
    "allennlp.data.tokenizers.spacy_tokenizer": _spacy,
    "allennlp.data.tokenizers.sentence_splitter": _spacy,
    "transformers.dynamic_module_utils": _asking,
    "transformers.integrations.hub_kernels": _hub_kernels,
}
