// The bundled model: a pruned MiniLM, fine-tuned on texts with human ratings.
// `python -m sentiment_model.train` makes the data and the network to start from, and trains with this config; by hand:
//   DATA=<folder> SEED=0 MASKED_SHARE=0.3 eli5-transformers train sentiment_model/train.jsonnet \
//       --include-package sentiment_model.components -s <folder>
// DATA holds training.jsonl and validation.jsonl (lines of "text" and "rating") and network/, a checkpoint.

local data = std.extVar('DATA');
local seed = std.parseInt(std.extVar('SEED'));
local network = data + '/network';

{
  random_seed: seed,
  numpy_seed: seed,
  pytorch_seed: seed,
  dataset_reader: { type: 'rated_texts', model_name: network },
  train_data_path: data + '/training.jsonl',
  validation_data_path: data + '/validation.jsonl',
  model: {
    type: 'rated_classifier',
    model_name: network,
    allow_new_head: true,
    labels: ['very negative', 'negative', 'neutral', 'positive', 'very positive'],
    borders: [-1.5, -0.5, 0.5, 1.5],
    spread: 0.6,
    // 0 trains the twin that has seen whole texts alone.
    masked_share: std.parseJson(std.extVar('MASKED_SHARE')),
  },
  data_loader: {
    batch_sampler: { type: 'bucket', sorting_keys: ['tokens'], batch_size: 32 },
  },
  validation_data_loader: {
    batch_sampler: { type: 'bucket', sorting_keys: ['tokens'], batch_size: 64, shuffle: false },
  },
  trainer: {
    // Everywhere the same model: on a GPU sums are in another order.
    cuda_device: -1,
    num_epochs: 5,
    validation_metric: '-loss',
    grad_norm: 1.0,
    optimizer: {
      type: 'huggingface_adamw',
      lr: 1e-4,
      weight_decay: 0.01,
      // The head is new.
      parameter_groups: [[['transformer\\.classifier\\.'], { lr: 5e-4 }]],
    },
    learning_rate_scheduler: { type: 'slanted_triangular', cut_frac: 0.06 },
    // The mean of the last thousand steps or so: 1 to 2 % more signs right than the weights of the last step.
    moving_average: { type: 'exponential', decay: 0.999 },
    enable_default_callbacks: false,
  },
}
