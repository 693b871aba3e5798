"""Registers the components with AllenNLP: the module that `.allennlp_plugins` and `--include-package` name."""

from ..components import basic_classifier, model, one_task, predictor, reader, text_to_instance  # noqa: F401
from ..interpreters import registered  # noqa: F401
