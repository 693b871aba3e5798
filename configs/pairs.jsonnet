// A fine-tuned HuggingFace classifier of pairs of texts: {"premise": …, "hypothesis": …}.
// External variable: checkpoint, a folder or hub id.
local transformer = import 'transformer_classifier.libsonnet';

transformer.predictor({ text_key: 'premise', pair_key: 'hypothesis', truncation: 'longest_first' })
