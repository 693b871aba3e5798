"""How small each architecture's test model is, and where a config needs more than small numbers."""

from typing import Any, Dict

VOCABULARY = 130
LABELS = 3

# The same few numbers under the many names that configs have for them.
_BY_VALUE = {
    2: """num_hidden_layers n_layer n_layers num_layers encoder_layers decoder_layers num_decoder_layers
        num_experts_per_tok moe_topk mamba_expand""",
    4: """num_attention_heads n_head n_heads num_heads encoder_attention_heads decoder_attention_heads
        num_key_value_heads num_kv_heads linear_num_key_heads linear_num_value_heads
        num_experts num_local_experts n_routed_experts mamba_d_state mamba_d_conv mamba_dt_rank""",
    1: "n_group topk_group n_shared_experts first_k_dense_replace",
    8: """head_dim d_kv d_head attention_head_size kv_channels kv_lora_rank q_lora_rank qk_rope_head_dim
        qk_nope_head_dim v_head_dim linear_key_head_dim linear_value_head_dim query_pre_attn_scalar sliding_window""",
    16: "qk_head_dim",
    32: """hidden_size d_model n_embd emb_dim dim d_embed embedding_size word_embed_proj_dim pooler_hidden_size
        moe_intermediate_size shared_expert_intermediate_size""",
    64: """intermediate_size encoder_ffn_dim decoder_ffn_dim ffn_dim d_ff dff hidden_dim d_inner n_inner
        ffn_hidden_size feed_forward_size max_position_embeddings n_positions max_seq_len
        max_encoder_position_embeddings max_decoder_position_embeddings""",
}
SIZES: Dict[str, Any] = {name: value for value, names in _BY_VALUE.items() for name in names.split()}
# Wide enough that attention and gates are far from uniform, as in trained models.
SIZES.update(initializer_range=0.2, init_std=0.2)

# Where a config says None here, it means "none", not "to be chosen".
KEEP_NONE = {"sliding_window", "n_group", "topk_group", "n_inner"}

_TEXT = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 64,
    "initializer_range": 0.2,
    "pad_token_id": 0,
    "bos_token_id": 2,
    "eos_token_id": 3,
}
_GROUPED = dict(_TEXT, num_key_value_heads=4, head_dim=8)
_WINDOWED = dict(_GROUPED, sliding_window=8, layer_types=["sliding_attention", "full_attention"])
_GEMMA = dict(_WINDOWED, query_pre_attn_scalar=8)
_IMAGE = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 1,
    "num_attention_heads": 4,
    "image_size": 32,
    "patch_size": 16,
}
_GEMMA_IMAGE = {
    "vision_config": _IMAGE,
    "mm_tokens_per_image": 4,
    "boi_token_index": 91,
    "eoi_token_index": 92,
    "image_token_index": 93,
}
_DISENTANGLED = {
    "relative_attention": True,
    "position_biased_input": False,
    "pos_att_type": ["c2p", "p2c"],
    "max_relative_positions": 16,
}
_HYBRID = {
    # The kernels are for GPUs.
    "use_mamba_kernels": False,
    "attention_hidden_size": 64,
    "attention_head_dim": 16,
}
_LINEAR = {
    "layer_types": ["linear_attention", "full_attention"],
    "linear_key_head_dim": 8,
    "linear_value_head_dim": 8,
    "linear_num_key_heads": 4,
    "linear_num_value_heads": 4,
}

# Options that must fit each other, or that real checkpoints of the architecture have and its defaults lack.
OPTIONS: Dict[str, Dict[str, Any]] = {
    "albert": {"embedding_size": 16},
    "camembert": {"type_vocab_size": 1},
    "cohere_compass_text": {
        "layer_types": ["sliding_attention", "full_attention"],
        "rope_parameters": {
            kind: {"rope_type": "default", "rope_theta": 1e4}
            for kind in ("sliding_attention", "full_attention")
        },
    },
    "data2vec-text": {"type_vocab_size": 1},
    "deberta": _DISENTANGLED,
    "deberta-v2": dict(_DISENTANGLED, position_buckets=8, share_att_key=True, norm_rel_ebd="layer_norm"),
    "electra": {"embedding_size": 16},
    "esm": {
        "token_dropout": True,
        "mask_token_id": 9,
        "position_embedding_type": "rotary",
        "emb_layer_norm_before": False,
    },
    # transformers 4.20 cannot initialize its table where that has a padding row.
    "funnel": {"block_sizes": [1, 1], "pad_token_id": None},
    "gemma3": dict(_GEMMA_IMAGE, text_config=_GEMMA, pad_token_id=0),
    "gpt_neo": {"attention_types": [[["global", "local"], 1]], "window_size": 4},
    "gptj": {"rotary_dim": 4},
    "ibert": {"type_vocab_size": 1},
    "jamba": {
        "attn_layer_period": 2,
        "attn_layer_offset": 1,
        "expert_layer_period": 2,
        "expert_layer_offset": 1,
        "use_mamba_kernels": False,
        "layer_types": None,
        "num_hidden_layers": 2,
    },
    # Its heads are counted by experts: 4 of keys and values for each of 2.
    "jetmoe": {"num_attention_heads": 8},
    "layoutlmv3": {"coordinate_size": 6, "shape_size": 4, "input_size": 32, "patch_size": 16},
    "led": {"attention_window": 8},
    # A multiple of 8 (its layout embedding has an eighth of the width for each of six coordinates).
    "lilt": {"hidden_size": 48},
    "longformer": {"type_vocab_size": 1, "attention_window": 8},
    "luke": {"type_vocab_size": 1, "entity_vocab_size": 12, "entity_emb_size": 16},
    "mbart": {"decoder_start_token_id": 0},
    "mistral4": {"head_dim": 16},
    "mobilebert": {"embedding_size": 16, "intra_bottleneck_size": 16, "intermediate_size": 32},
    "modernvbert": {
        "text_config": dict(_TEXT, cls_token_id=4, sep_token_id=5, local_attention=8),
        "vision_config": _IMAGE,
        "image_token_id": 93,
    },
    "mt5": {"decoder_start_token_id": 0},
    "perceiver": {
        "num_latents": 8,
        "d_latents": 32,
        "num_self_attends_per_block": 1,
        "num_self_attention_heads": 4,
        "num_cross_attention_heads": 4,
    },
    "qwen3_5": {
        "text_config": dict(_GROUPED, **_LINEAR),
        "vision_config": {
            "depth": 1,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_heads": 4,
            "out_hidden_size": 32,
            "num_position_embeddings": 16,
        },
        "image_token_id": 93,
        "video_token_id": 94,
        "vision_start_token_id": 95,
        "vision_end_token_id": 96,
        "pad_token_id": 0,
    },
    # Both kinds of attention, and a text so short that it is padded to a multiple of the chunk.
    "reformer": {
        "attn_layers": ["local", "lsh"],
        "local_attn_chunk_length": 4,
        "lsh_attn_chunk_length": 4,
        "num_buckets": 4,
        "axial_pos_shape": [8, 8],
        "axial_pos_embds_dim": [16, 16],
        "is_decoder": False,
    },
    "rembert": {"input_embedding_size": 16, "output_embedding_size": 24},
    "roberta": {"type_vocab_size": 1},
    "roberta-prelayernorm": {"type_vocab_size": 1},
    "roc_bert": {
        "pronunciation_embed_dim": 16,
        "shape_embed_dim": 16,
        "pronunciation_vocab_size": VOCABULARY,
        "shape_vocab_size": VOCABULARY,
    },
    "t5": {"decoder_start_token_id": 0},
    "t5gemma": {
        "encoder": _GEMMA,
        "decoder": _GEMMA,
        "vocab_size": VOCABULARY,
        "pad_token_id": 0,
        "bos_token_id": 2,
        "eos_token_id": 3,
    },
    "t5gemma2": {
        "encoder": dict(_GEMMA_IMAGE, text_config=_GEMMA),
        "decoder": _GEMMA,
        "image_token_index": 93,
        "eoi_token_index": 92,
        "pad_token_id": 0,
        "bos_token_id": 2,
        "eos_token_id": 3,
    },
    # Two clusters of words; a memory that reaches over the whole text.
    "transfo-xl": {
        "cutoffs": [60],
        "div_val": 2,
        "tie_projs": [False, True],
        "d_embed": 32,
        "mem_len": 64,
        "clamp_len": 64,
    },
    "ultravbert": {"text_config": _WINDOWED, "vision_config": _IMAGE, "image_token_id": 93},
    "umt5": {"decoder_start_token_id": 0},
    "xlm-roberta": {"type_vocab_size": 1},
    "xmod": {"type_vocab_size": 1, "default_language": "en_XX"},
    "zamba": _HYBRID,
    "zamba2": dict(
        _HYBRID,
        n_mamba_heads=8,
        mamba_headdim=8,
        mamba_ngroups=1,
        chunk_size=4,
        adapter_rank=4,
        num_query_groups=4,
        hybrid_layer_ids=[1, 3],
    ),
}
