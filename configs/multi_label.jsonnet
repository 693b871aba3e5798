// A fine-tuned HuggingFace classifier that gives a text any number of labels: {"text": …, "labels": ["a", "b"]}.
// External variable: checkpoint, a folder or hub id.
local transformer = import 'transformer_classifier.libsonnet';

local problem = { problem_type: 'multi_label_classification' };

transformer.predictor(problem, problem)
