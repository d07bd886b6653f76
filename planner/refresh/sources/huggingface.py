"""Hugging Face: whether our facts of open-weight models still agree with their repositories. It proposes no rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from planner.catalog.catalog import Catalog
from planner.catalog.rows import ModelRow
from planner.domain.base import as_of_date
from planner.refresh.errors import RefreshError
from planner.refresh.fetch import Door, Limits, NotThere
from planner.refresh.snapshot import Finding, Snapshot, Source
from planner.refresh.sources.text import number, parse, words

NAME = "Hugging Face"
TOLERANCE = Decimal("0.02")
"""A parameter count further off than this share is reported."""
SHAPE = {
    "num_hidden_layers": "layers",
    "hidden_size": "hidden_size",
    "num_attention_heads": "attention_heads",
    "num_key_value_heads": "kv_heads",
    "vocab_size": "vocab_size",
}
LICENCES = {
    "apache-2.0": ("apache-2.0", "gpt-oss-apache"),
    "mit": ("mit",),
    "llama2": ("llama-2",),
    "llama3.1": ("llama-3.1",),
    "llama3.2": ("llama-3.2",),
    "llama3.3": ("llama-3.3",),
    "llama4": ("llama-4",),
    "gemma": ("gemma",),
}
"""Licence tag -> rows of licences.csv that it stands for; other tags say nothing that can be compared."""


def read(source: Source, catalog: Catalog, on: dt.date) -> Snapshot:
    """Differences between models.csv and the repositories it names."""
    models = catalog.tables.models
    findings: list[Finding] = []
    notes: list[str] = []
    for row in models:
        try:
            findings += _findings(row, source)
        except NotThere as error:
            notes.append(f"{row.name}: not compared, {error.message[:-1]}; the model may be gated or renamed.")
    if len(notes) == len(models) and models:
        raise RefreshError(f"{NAME} shows none of the {len(models)} models.", "Try again later.")
    compared = len(models) - len(notes)
    return Snapshot(rows=(), counts={"models compared": compared}, findings=tuple(findings), notes=tuple(notes))


def _findings(row: ModelRow, source: Source) -> Iterator[Finding]:
    page = parse(source.door.get(f"{source.url}/api/models/{row.hf_id}"), NAME)
    yield from _parameters(row, page)
    yield from _licence(row, page)
    config = parse(source.door.get(f"{source.url}/{row.hf_id}/resolve/main/config.json"), NAME)
    yield from _shape(row, config)


def _parameters(row: ModelRow, page: Mapping[str, Any]) -> Iterator[Finding]:
    """The count of the safetensors files. Packed formats count two weights as one, so they are not compared."""
    tensors = page.get("safetensors")
    total = number(tensors.get("total")) if isinstance(tensors, Mapping) else None
    packed = isinstance(tensors, Mapping) and _packed(tensors.get("parameters"))
    if total and not packed and abs(total / row.total_params - 1) > TOLERANCE:
        yield Finding(row.name, "parameters", f"{row.total_params:,}", f"{int(total):,}")


def _packed(kinds: object) -> bool:
    return isinstance(kinds, Mapping) and bool({"U8", "I8", "U32", "I32"} & set(kinds))


def _licence(row: ModelRow, page: Mapping[str, Any]) -> Iterator[Finding]:
    card = page.get("cardData")
    tag = words(card, "license") if isinstance(card, Mapping) else ""
    if tag in LICENCES and row.licence_id not in LICENCES[tag]:
        yield Finding(row.name, "licence", row.licence_id, tag)


def _shape(row: ModelRow, config: Mapping[str, Any]) -> Iterator[Finding]:
    """Facts of config.json; models that see images keep those of their language part apart."""
    inner = config.get("text_config")
    facts = {**config, **inner} if isinstance(inner, Mapping) else config
    for key, column in SHAPE.items():
        theirs, ours = number(facts.get(key)), getattr(row, column)
        if theirs is not None and theirs != ours:
            yield Finding(row.name, column.replace("_", " "), f"{ours:,}", f"{int(theirs):,}")


HUGGINGFACE = Source(
    name="huggingface",
    title="Hugging Face model pages",
    url="https://huggingface.co",
    door=Door(hosts=frozenset({"https://huggingface.co"}), limits=Limits(total_s=30, max_bytes=5_000_000)),
    read=read,
    kept_from=lambda catalog: max((as_of_date(row.as_of) for row in catalog.tables.models), default=None),
    kept="facts",
)
