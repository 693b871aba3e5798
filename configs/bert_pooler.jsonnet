// AllenNLP's own classifier with the weights of a fine-tuned BERT: basic_classifier, pretrained_transformer, bert_pooler.
// External variables: checkpoint (a folder or hub id with a BERT sequence classifier) and labels (the names of its
// outputs, in their order: "negative,positive", or a JSON list).
local lists = import 'lists.libsonnet';

local checkpoint = std.extVar('checkpoint');
local labels = lists.parse(std.extVar('labels'));
// The architecture alone: its weights come from the initializer. AllenNLP's cache of transformers does not know a model
// without weights from one with them; the unused prefix gives this one a key of its own there.
local architecture = {
  load_weights: false,
  override_weights_strip_prefix: 'weights by initializer',
};

{
  dataset_reader: {
    type: 'text_classification_json',
    tokenizer: { type: 'pretrained_transformer', model_name: checkpoint },
    token_indexers: { tokens: { type: 'pretrained_transformer', model_name: checkpoint } },
  },
  model: {
    type: 'basic_classifier',
    vocab: { type: 'transformer_and_labels', model_name: checkpoint, labels: labels },
    text_field_embedder: {
      token_embedders: { tokens: { type: 'pretrained_transformer', model_name: checkpoint } + architecture },
    },
    seq2vec_encoder: { type: 'bert_pooler', pretrained_model: checkpoint } + architecture,
    num_labels: std.length(labels),
    initializer: { regexes: [['.*', { type: 'bert_checkpoint', checkpoint: checkpoint }]] },
  },
}
