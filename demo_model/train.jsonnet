// The demonstration model: a small BERT from scratch on generated sentences.
// `python -m demo_model.train` makes the data and the tokenizer and trains with this config; by hand:
//   DATA=<folder> VOCABULARY_SIZE=<lines of vocab.txt> SEED=0 \
//       eli5-transformers train demo_model/train.jsonnet -s <folder>
// DATA holds train.jsonl, validation.jsonl and tokenizer/.

local data = std.extVar("DATA");
local seed = std.parseInt(std.extVar("SEED"));
local labels = ["1 star", "2 stars", "3 stars", "4 stars", "5 stars"];

{
  random_seed: seed,
  numpy_seed: seed,
  pytorch_seed: seed,
  dataset_reader: {
    type: "transformer_classifier",
    model_name: data + "/tokenizer",
  },
  train_data_path: data + "/train.jsonl",
  validation_data_path: data + "/validation.jsonl",
  model: {
    type: "transformer_classifier",
    labels: labels,
    transformer_config: {
      model_type: "bert",
      vocab_size: std.parseInt(std.extVar("VOCABULARY_SIZE")),
      hidden_size: 96,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      intermediate_size: 192,
      max_position_embeddings: 128,
      // About 1/sqrt(hidden_size): the usual 0.02 is for wide models and makes a narrow one start slowly.
      initializer_range: 0.1,
      // The sentences do not repeat and have no noise to learn by heart: dropout only delays the learning.
      hidden_dropout_prob: 0.0,
      attention_probs_dropout_prob: 0.0,
    },
  },
  data_loader: {
    batch_sampler: {
      type: "bucket",
      batch_size: 128,
      sorting_keys: ["tokens"],
    },
  },
  trainer: {
    num_epochs: 6,
    optimizer: {
      type: "adamw",
      lr: 3e-3,
      weight_decay: 0.01,
    },
    learning_rate_scheduler: {
      type: "linear_with_warmup",
      warmup_steps: 300,
    },
    grad_norm: 1.0,
    validation_metric: "+accuracy",
    enable_default_callbacks: false,
  },
}
