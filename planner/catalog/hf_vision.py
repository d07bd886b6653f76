"""Parameters of the image encoders that multimodal configurations describe."""

from __future__ import annotations

from planner.catalog.hf_fields import ConfigError, Fields


def vision_params(f: Fields | None) -> int:
    """Parameters of the image part; 0 when the configuration has none."""
    if f is None:
        return 0
    if f.get("depth") is not None:
        return _qwen(f)
    if f.get("vt_num_hidden_layers") is not None:
        return _moon(f)
    if f.get("num_hidden_layers") is not None:
        return _plain(f)
    raise ConfigError("vision_config is of a form that cannot be counted here")


def _block(hidden: int, width: int) -> int:
    """A ViT block with biases and two layer norms."""
    return 4 * hidden * hidden + 4 * hidden + 2 * hidden * width + width + hidden + 4 * hidden


def _qwen(f: Fields) -> int:
    hidden, out = f.whole("hidden_size"), f.whole("out_hidden_size")
    patch, wide = f.whole("patch_size"), hidden * f.whole("spatial_merge_size") ** 2
    blocks = f.whole("depth") * _block(hidden, f.whole("intermediate_size"))
    embedding = f.whole_or(3, "in_channels") * f.whole("temporal_patch_size") * patch * patch * hidden + hidden
    positions = f.whole("num_position_embeddings") * hidden
    deep = f.get("deepstack_visual_indexes")
    mergers = len(deep) if isinstance(deep, list) else 0
    projection = wide * wide + wide + wide * out + out
    return blocks + embedding + positions + projection + 2 * hidden + mergers * (projection + 2 * wide)


def _moon(f: Fields) -> int:
    """The encoder of Kimi K2.5; its projector reads patches of two by two."""
    hidden, patch = f.whole("vt_hidden_size"), f.whole("patch_size")
    blocks = f.whole("vt_num_hidden_layers") * _block(hidden, f.whole("vt_intermediate_size"))
    positions = f.whole("init_pos_emb_height") * f.whole("init_pos_emb_width") * hidden
    wide = 4 * hidden
    projection = wide * wide + wide + wide * f.whole("text_hidden_size")
    return blocks + 3 * patch * patch * hidden + hidden + positions + projection


def _plain(f: Fields) -> int:
    """A ViT by its usual names; projector and position table are below the tolerance."""
    hidden, patch = f.whole("hidden_size"), f.whole("patch_size")
    blocks = f.whole("num_hidden_layers") * _block(hidden, f.whole("intermediate_size"))
    return blocks + 3 * patch * patch * hidden
