// What the configs of HuggingFace classifiers share.
{
  local checkpoint = std.extVar('checkpoint'),

  reader(options={}):: { type: 'transformer_classifier', model_name: checkpoint } + options,

  model(options={}):: { type: 'transformer_classifier', model_name: checkpoint } + options,

  // To predict and explain there is no data to count: the labels are the checkpoint's.
  predictor(reader_options={}, model_options={}):: {
    dataset_reader: $.reader(reader_options),
    model: $.model({ vocab: { type: 'empty' } } + model_options),
  },
}
