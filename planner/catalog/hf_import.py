"""A model that the catalog does not have, from its Hugging Face configuration and its stated size."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, get_args

from pydantic import ValidationError

from planner.catalog.hf_config import ConfigError, check_total, config_facts, read_config
from planner.domain.evidence import Provenance
from planner.domain.typed import TypedModel
from planner.domain.workload import Modality

HUB = "https://huggingface.co"
HF_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[\w.-]{1,95}", re.ASCII)
_UNITS = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?(?:[eE]\+?[0-9]{1,2})?)\s*([kmbtKMBT]?)", re.ASCII)
_LONGEST_ID = 80


class Stated(NamedTuple):
    """What its owner says of the model; the configuration does not have it."""

    total_params: float
    name: str
    hf_id: str = ""
    licence_id: str | None = None
    source: str = "config.json of the model's repository"
    source_url: str = ""
    as_of: str = ""


def config_url(hf_id: str) -> str:
    """Where the configuration of a repository is."""
    return f"{HUB}/{hf_id}/resolve/main/config.json"


def params_of(text: str) -> float:
    """`70.6B`, `70.6e9` or `70600000000` as a number; ConfigError for anything else."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ConfigError(f"{text[:30]!r} is no number of parameters: write 70.6B, 70.6e9 or 70600000000")
    return float(found[1]) * _UNITS[found[2].lower()]


def import_model(data: bytes, stated: Stated) -> TypedModel:
    """The model in a config.json; raises ConfigError with what is wrong, both counts included."""
    return model_of_config(read_config(data), stated)


def model_of_config(config: Mapping[str, Any], stated: Stated) -> TypedModel:
    """The same from the parsed configuration."""
    facts = config_facts(config)
    check_total(facts, stated.total_params)
    if not facts.kv_bytes_per_token_16bit and not facts.window_kv_bytes_per_token_16bit:
        raise ConfigError("the configuration describes no attention with a cache, so its memory cannot be planned")
    found = facts._asdict()
    shared = {name: found[name] for name in TypedModel.model_fields if name in found}
    read = set(facts.modality.split("+"))
    return _checked(
        shared
        | {
            "name": stated.name or stated.hf_id or facts.model_type,
            "hf_id": stated.hf_id,
            "modalities": tuple(name for name in get_args(Modality) if name in read),
            "licence_id": stated.licence_id,
            "provenance": Provenance(
                origin="published",
                source=stated.source,
                source_url=stated.source_url,
                as_of=stated.as_of,
                note=f"parameters counted from the configuration; {stated.total_params / 1e9:,.6g} billion stated",
            ),
        }
    )


def _checked(fields: dict[str, Any]) -> TypedModel:
    try:
        return TypedModel.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"the configuration makes no sense: {where}, {first['msg'].lower()}") from error


def slug_of(name: str) -> str:
    """A name as an id of the scenario."""
    found = re.sub(r"[^a-z0-9.]+", "-", name.rpartition("/")[2].lower()).strip("-.")
    return found[:_LONGEST_ID] or "imported-model"
