// A fine-tuned HuggingFace classifier of any architecture.
// External variable: checkpoint, a folder or hub id.
local transformer = import 'transformer_classifier.libsonnet';

transformer.predictor()
