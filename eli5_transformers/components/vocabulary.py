"""A registered vocabulary for classifiers that are trained already: a tokenizer's tokens, and labels from a config."""

from typing import List

from allennlp.common import cached_transformers
from allennlp.data import Vocabulary

from ..huggingface import labels as naming


class LabeledVocabulary(Vocabulary):
    """A vocabulary of a transformer's tokens, under the tokenizer's numbers, and of labels, under the outputs'.

    AllenNLP's own combination (`from_pretrained_transformer_and_instances`) numbers the tokens anew, so that a model
    spells them wrong.
    """

    @classmethod
    def from_transformer_and_labels(
        cls, model_name: str, labels: List[str], namespace: str = "tokens", label_namespace: str = "labels"
    ) -> "LabeledVocabulary":
        """The vocabulary of a checkpoint's tokenizer; labels that repeat get their index with their name."""
        vocabulary = cls(
            non_padded_namespaces=[namespace, label_namespace],
            tokens_to_add={label_namespace: naming.distinct(labels)},
        )
        vocabulary.add_transformer_vocab(cached_transformers.get_tokenizer(model_name), namespace)
        return vocabulary


Vocabulary.register("transformer_and_labels", constructor="from_transformer_and_labels")(LabeledVocabulary)
