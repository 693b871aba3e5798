// Fine-tunes a HuggingFace checkpoint, with a head for the labels of the data, on JSON lines of "text" and "label":
//   checkpoint=bert-base-uncased train=train.jsonl validation=dev.jsonl eli5-transformers train fine_tune.jsonnet -s out
// External variables: checkpoint, a folder or hub id; train and validation, paths.
local transformer = import 'transformer_classifier.libsonnet';

{
  dataset_reader: transformer.reader(),
  train_data_path: std.extVar('train'),
  validation_data_path: std.extVar('validation'),
  model: transformer.model({ allow_new_head: true }),
  data_loader: {
    batch_sampler: { type: 'bucket', sorting_keys: ['tokens'], batch_size: 16 },
  },
  trainer: {
    num_epochs: 3,
    patience: 1,
    validation_metric: '+accuracy',
    grad_norm: 1.0,
    optimizer: { type: 'huggingface_adamw', lr: 2e-5, weight_decay: 0.01 },
    learning_rate_scheduler: { type: 'slanted_triangular', cut_frac: 0.06 },
  },
}
