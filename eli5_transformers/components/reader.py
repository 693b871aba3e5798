"""The registered AllenNLP dataset reader on HuggingFace tokenizers."""

import importlib.util
import json
import logging
import os
import shutil
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

import torch
from allennlp.data import DatasetReader, Instance, Token
from allennlp.data.fields import Field, LabelField, MetadataField, MultiLabelField, TensorField, TextField
from transformers import AutoTokenizer

from ..arguments import text_and_pair, whole_number
from ..compat.registering import registered
from ..engine.explainable import TokenizerVocabulary
from ..errors import InputError, SourceError, shown
from ..huggingface import archived_parts, classifiers
from ..permissions import transformers_options
from ..sites.architectures import position_limit
from ..text.encoding import TRUNCATIONS, Encoding, encode, tokenizer_limit
from ..text.tokenizers import keep_for_ourselves, require_tokenizer
from .calling import require_limit
from .heads import PROBLEM_TYPES
from .token_indexer import TransformerIndexer

_FILES = {
    "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "vocab.txt", "vocab.json", "merges.txt", "spiece.model",
    "sentencepiece.bpe.model",
}  # fmt: skip

_SENTENCEPIECE = {name for name in _FILES if name.endswith(".model")}
_FOR_SENTENCEPIECE = {"sentencepiece": "sentencepiece", "protobuf": "google.protobuf"}

logger = logging.getLogger(__name__)

LABEL_KEYS = ("label", "labels")

Label = Union[str, int, float, Sequence[Union[str, int]]]


@registered(DatasetReader, "transformer_classifier")
class TransformerClassifierReader(DatasetReader):
    """Reads JSON lines of texts, or pairs of texts, and labels with the tokenizer of a HuggingFace checkpoint.

    A line is an object with `text` (or another name of `column_names`, such as `sentence` or `premise`), for pairs
    `text_pair` (or `hypothesis`, `sentence2`, …), and
    `label` or `labels`: a name, a list of names for multi-label data, or a number for regression.

    An instance has `tokens`, a text field whose tokens carry their ids, segments and character offsets; `label`, where
    there is one; and `metadata` with `documents` (the texts) and `tokens` (a `records.Tokens`: offsets, words,
    segments, special tokens, and what was cut).

    Parameters:
        model_name: a checkpoint's folder or hub id. An archive keeps the tokenizer, so that the checkpoint may be gone.
        tokenizer: a tokenizer to use instead; exactly one of both is given.
        max_length: the most tokens of an input, special ones included; by default what tokenizer and model allow.
        truncation: what happens to longer inputs: `longest_first`, `only_first` and `only_second` say of which text is
            cut, which the record tells and the log says once; `error` refuses them.
        add_special_tokens: False reads texts that hold their special tokens already, as chat templates make them.
        problem_type: `regression` makes numbers of integer labels too.
        skip_label_indexing: integer labels are class indices, not names.
        num_labels: how many there are, for multi-label data with `skip_label_indexing`.
        text_key, pair_key, label_key: the keys of the data, if they are others.
        namespace, label_namespace: namespaces of tokens and labels in the vocabulary.
        tokenizer_kwargs: more for `AutoTokenizer.from_pretrained`, such as `{"pad_token": "<|endoftext|>"}`.

    Raises SourceError for a tokenizer that cannot be loaded and InputError for data that cannot be read.
    """

    def __init__(
        self,
        model_name: Optional[str] = None,
        tokenizer: Optional[Any] = None,
        max_length: Optional[int] = None,
        truncation: str = "longest_first",
        add_special_tokens: bool = True,
        problem_type: Optional[str] = None,
        skip_label_indexing: bool = False,
        num_labels: Optional[int] = None,
        text_key: Optional[str] = None,
        pair_key: Optional[str] = None,
        label_key: Optional[str] = None,
        namespace: str = "tokens",
        label_namespace: str = "labels",
        tokenizer_kwargs: Optional[Dict[str, Any]] = None,
        **kwargs,
    ) -> None:
        super().__init__(manual_distributed_sharding=True, manual_multiprocess_sharding=True, **kwargs)
        if (model_name is None) == (tokenizer is None):
            raise SourceError("a transformer_classifier reader needs either `model_name` or `tokenizer`")
        if truncation not in TRUNCATIONS:
            raise SourceError(f"truncation is {truncation!r}, but must be one of {', '.join(map(repr, TRUNCATIONS))}")
        if problem_type is not None and problem_type not in PROBLEM_TYPES:
            raise SourceError(f"problem_type is {problem_type!r}, but must be one of {', '.join(PROBLEM_TYPES)}")
        limits: List[Optional[int]] = []
        if tokenizer is None:
            folder = archived_parts.find(self.serialization_dir, "tokenizer", model_name, tokenizer_kwargs) or str(model_name)
            tokenizer = _load(folder, tokenizer_kwargs)
            keep_for_ourselves(tokenizer)
            limits.append(_positions(folder, tokenizer_kwargs))
            archived_parts.keep(
                self.serialization_dir,
                "tokenizer",
                model_name,
                tokenizer_kwargs,
                write=lambda kept: _save(tokenizer, folder, kept),
            )
        require_tokenizer(tokenizer)
        self.tokenizer = tokenizer
        self.truncation = truncation
        self.add_special_tokens = add_special_tokens
        self._chosen_length = max_length is not None
        limits += [_limit_of(tokenizer, self._chosen_length or not add_special_tokens)]
        if max_length is None:
            self.max_length = min((limit for limit in limits if limit is not None), default=None)
        else:
            self.max_length = whole_number(max_length, "max_length", what="a number of tokens")
        self._problem_type = problem_type
        self._skip_label_indexing = skip_label_indexing
        self._num_labels = num_labels
        self._text_keys = (text_key,) if text_key else None
        self._pair_keys = (pair_key,) if pair_key else None
        self._label_keys = (label_key,) if label_key else LABEL_KEYS
        self._label_namespace = label_namespace
        self._token_indexers = {"tokens": TransformerIndexer(tokenizer, namespace)}
        self._told_of_cuts = False

    def limit_length(self, most: Optional[int]) -> None:
        """Lowers the default of `max_length` to what a model has positions for; a chosen `max_length` stays."""
        if most is not None and not self._chosen_length:
            self.max_length = most if self.max_length is None else min(most, self.max_length)

    def fit(self, padding: Optional[int], rows: Optional[int]) -> None:
        """Pads batches with the token `padding`, and refuses tokens from `rows` on, for which the model has none."""
        self._token_indexers["tokens"].fit(padding, rows)

    def documents(self, line: Mapping[str, Any]) -> Tuple[str, ...]:
        """The text, or the two texts, in a JSON object. Raises InputError where there is none."""
        text, pair = text_and_pair(line, self._text_keys, self._pair_keys)
        if text is None:
            keys = self._text_keys or ("text", "sentence")
            raise InputError(
                f"the input has the keys {', '.join(map(repr, line)) or 'none'}, but no text: "
                f"give it as {' or '.join(map(repr, keys))}"
            )
        return (text,) if pair is None else (text, pair)

    def text_to_instance(  # type: ignore[override]
        self, text: str, text_pair: Optional[str] = None, label: Optional[Label] = None
    ) -> Instance:
        """The instance of a text, or of a pair. Raises InputError for texts of which the model can see nothing."""
        documents = (text,) if text_pair is None else (text, text_pair)
        encoding = encode(
            self.tokenizer,
            documents,
            max_length=self.max_length,
            truncation=self.truncation,
            add_special_tokens=self.add_special_tokens,
        )
        if encoding.tokens.cut and not self._told_of_cuts:
            self._told_of_cuts = True
            logger.warning(
                "a text has %d tokens more than the %d that the model sees: the rest is cut (said once; each explanation "
                "says it)",
                sum(encoding.tokens.cut),
                self.max_length,
            )
        fields: Dict[str, Field] = {
            "tokens": TextField(_allennlp_tokens(encoding)),
            "metadata": MetadataField({"documents": documents, "tokens": encoding.tokens}),
        }
        if label is not None:
            fields["label"] = self._label_field(label)
        return Instance(fields)

    def apply_token_indexers(self, instance: Instance) -> None:
        """Gives the instance's text field the tokenizer's indexer."""
        instance["tokens"]._token_indexers = self._token_indexers  # type: ignore[attr-defined]

    def _read(self, file_path: Any) -> Iterable[Instance]:
        path = str(file_path)
        if not os.path.exists(path):
            from allennlp.common.file_utils import cached_path

            path = str(cached_path(file_path))
        with open(path, encoding="utf-8") as file:
            for number, line in self.shard_iterable(enumerate(file, start=1)):
                if not line.strip():
                    continue
                try:
                    content = json.loads(line)
                    if not isinstance(content, dict):
                        raise InputError(f"the line is a {type(content).__name__}, not an object with a text")
                    documents = self.documents(content)
                    label = next((content[key] for key in self._label_keys if content.get(key) is not None), None)
                    text_pair = documents[1] if len(documents) == 2 else None
                    instance = self.text_to_instance(documents[0], text_pair, label)
                except (InputError, json.JSONDecodeError) as error:
                    raise InputError(f"line {number} of {file_path}: {error}") from error
                yield instance

    def _label_field(self, label: Label) -> Field:
        if isinstance(label, (list, tuple)):
            if self._problem_type == "regression":
                return TensorField(torch.tensor([float(value) for value in label]))  # type: ignore[arg-type]
            if self._skip_label_indexing:
                return MultiLabelField(label, self._label_namespace, skip_indexing=True, num_labels=self._num_labels)
            return MultiLabelField([str(name) for name in label], self._label_namespace)
        if self._problem_type == "regression" or isinstance(label, float):
            try:
                return TensorField(torch.tensor(float(label)))  # type: ignore[arg-type]
            except ValueError:
                raise InputError(f"a label of regression data must be a number, got {label!r}") from None
        if self._skip_label_indexing:
            try:
                return LabelField(int(label), self._label_namespace, skip_indexing=True)  # type: ignore[arg-type]
            except ValueError:
                raise InputError(f"with skip_label_indexing a label must be a class index, got {label!r}") from None
        return LabelField(str(label), self._label_namespace)


def _allennlp_tokens(encoding: Encoding) -> List[Token]:
    tokens = encoding.tokens
    return [
        Token(
            text=text,
            text_id=token_id,
            type_id=type_id,
            idx=None if start < 0 else start,  # type: ignore[arg-type]
            idx_end=None if start < 0 else end,  # type: ignore[arg-type]
        )
        for text, token_id, type_id, start, end in zip(
            tokens.text, encoding.ids, encoding.type_ids, tokens.start, tokens.end
        )
    ]


def _load(folder: str, options: Optional[Mapping[str, Any]]) -> Any:
    path = os.path.expanduser(folder)
    options = transformers_options(options)
    what = f"no tokenizer can be loaded from {folder!r}{_lacking(path) or _class_named(path)}"
    with classifiers.source_errors(what, os.path.join(path, "tokenizer_config.json")):
        try:
            tokenizer = AutoTokenizer.from_pretrained(path, **options)
        except (AttributeError, TypeError, ValueError):  # transformers' of names of classes that it does not read
            if not os.path.isfile(os.path.join(path, "config.json")):
                raise
            tokenizer = AutoTokenizer.from_pretrained(path, config=classifiers.read_config(path), **options)
    if not callable(getattr(tokenizer, "convert_ids_to_tokens", None)):
        # transformers takes any name of its own for a `tokenizer_class`.
        raise SourceError(f"{folder!r} names a {type(tokenizer).__name__} as its tokenizer, which is none")
    # transformers 5 makes one without a word where there is none: of special tokens, for which every text is unknown.
    files = _FILES | set(getattr(tokenizer, "vocab_files_names", {}).values())
    kept = getattr(tokenizer, "vocab_files_names", {}) and os.path.isdir(path)
    if (kept and not files & set(os.listdir(path))) or not TokenizerVocabulary(tokenizer).ordinary_ids(1):
        which = _class_said(path)
        raise SourceError(
            f"{folder!r} has no tokenizer's vocabulary{which and f' for {which}'}: copy the files of the tokenizer there "
            "(tokenizer.json or vocab.txt, say), or give the tokenizer with tokenizer="
        )
    return tokenizer


def _lacking(path: str) -> str:
    """What is not installed to read a folder that has a SentencePiece model alone, for an error: transformers names another."""
    names = set(os.listdir(path)) if os.path.isdir(path) else set()
    missing = [package for package, module in _FOR_SENTENCEPIECE.items() if not _is_installed(module)]
    if "tokenizer.json" in names or not names & _SENTENCEPIECE or not missing:
        return ""
    return f", which has a SentencePiece model alone: pip install {' '.join(missing)}"


def _class_named(path: str) -> str:
    """As which class a folder's tokenizer is read, for an error: it may be another's, or one that needs tokenizer.json."""
    which = _class_said(path)
    if not which:
        return ""
    of_any = os.path.isfile(os.path.join(path, "tokenizer.json")) or "'PreTrainedTokenizerFast'" in which
    return f" as {which}" + (" ('PreTrainedTokenizerFast' reads tokenizer.json alone)" if of_any else "")


def _class_said(path: str) -> str:
    """The class that a folder says that its tokenizer is of, and where it does; empty where it does not."""
    try:
        with open(os.path.join(path, "tokenizer_config.json"), encoding="utf-8") as file:
            content = json.load(file)
    except (OSError, ValueError, RecursionError):
        return ""
    named = content.get("tokenizer_class") if isinstance(content, dict) else None
    return "" if named is None else f"the tokenizer_class {shown(named)} of its tokenizer_config.json"


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:  # the package that it would be in
        return False


def _limit_of(tokenizer: Any, room: bool) -> Optional[int]:
    """The tokenizer's own limit. Raises SourceError for one that is none, or, without `room`, that leaves none for a text."""
    require_limit(tokenizer)
    limit = tokenizer_limit(tokenizer)
    added = getattr(tokenizer, "num_special_tokens_to_add", None)
    if limit is not None and not room and added is not None and limit <= added():
        raise SourceError(
            f"the tokenizer's model_max_length is {limit}, which leaves no room for a text beside {added()} special tokens: "
            "give max_length="
        )
    return limit


def _positions(folder: str, options: Optional[Mapping[str, Any]]) -> Optional[int]:
    """What the checkpoint's config says of its positions; a folder may hold a tokenizer alone."""
    trusted = {"trust_remote_code": (options or {}).get("trust_remote_code")}
    try:
        return position_limit(classifiers.read_config(folder, options=trusted))
    except SourceError:
        return None


def _save(tokenizer: Any, folder: str, kept: str) -> None:
    """Writes what `AutoTokenizer` needs into the folder `kept`."""
    if not os.path.isdir(folder):
        tokenizer.save_pretrained(kept)
        return
    # The checkpoint's own files, which older and newer releases of transformers read, not what this one would write.
    names = {"config.json", "tokenizer_config.json", "tokenizer.json", "special_tokens_map.json", "added_tokens.json"}
    names.update(name for name in getattr(tokenizer, "vocab_files_names", {}).values() if isinstance(name, str))
    for name in names:
        if os.path.isfile(os.path.join(folder, name)):
            shutil.copy(os.path.join(folder, name), os.path.join(kept, name))
