"""Nothing of what people wrote, and none of their names and keys, is in what an import keeps or says."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from planner.catalog.catalog import installed
from planner.decision.log_price import as_it_was
from planner.decision.log_summary import summary
from planner.report.usage_csv import price_csv
from planner.workload.readers.base import OwnerKind
from tests.usage.logs import imported

SAMPLES = Path(__file__).parents[1] / "samples" / "usage"
NAMES = sorted(p.name for p in SAMPLES.glob("*") if p.stem not in {"README", "openai_empty"})
SECRETS = ("SECRET", "user-", "key_1", "key_2", "apikey_", "assumed-role", "req-0", "resp-0", "obs-0", "sess-")
"""Prompts, people, keys, requests and sessions, as the samples write them."""


def text_of(path: Path) -> str:
    """All that is written in an export, or in what an import keeps."""
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        return repr({name: set(map(str, table[name].to_pylist())) for name in table.column_names})
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8", "replace")


@pytest.mark.parametrize("owner_by", [None, "user", "key"])
@pytest.mark.parametrize("name", NAMES)
def test_no_prompt_person_or_key_is_kept_of_any_sample(tmp_path: Path, name: str, owner_by: OwnerKind | None) -> None:
    found = imported(tmp_path / "kept", SAMPLES / name, owner_by=owner_by)
    kept = [text_of(path) for path in (tmp_path / "kept").rglob("*") if path.is_file()]
    if found.profile.total_output_tokens is not None:
        price = summary(as_it_was(found.rollup, installed()), by_owner=True)
        kept += [price.model_dump_json(), price_csv(price).decode()]
    for said in kept:
        assert not [secret for secret in SECRETS if secret in said]


def test_the_samples_have_what_must_not_be_kept() -> None:
    everything = "".join(text_of(SAMPLES / name) for name in NAMES)
    assert not [secret for secret in SECRETS if secret not in everything]
