"""Facts of open-weight models against their repositories: reported, never written. Served from this machine."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from planner.catalog.catalog import Catalog
from planner.catalog.rows import ModelRow
from planner.refresh.run import SourceReport, apply, refresh
from planner.refresh.snapshot import Finding
from planner.refresh.sources.huggingface import HUGGINGFACE, SHAPE
from tests.refresh.loopback import Loopback, as_json, status

ON = dt.date(2026, 11, 21)
MODEL = "llama-3.3-70b"


class Hub:
    """A page and a config.json for every model, as our table has them."""

    def __init__(self, server: Loopback, catalog: Catalog) -> None:
        self.server = server
        self.pages: dict[str, dict[str, Any]] = {}
        self.configs: dict[str, dict[str, Any]] = {}
        for row in catalog.tables.models:
            self.pages[row.hf_id] = {"safetensors": {"total": row.total_params, "parameters": {"BF16": 1}}}
            self.configs[row.hf_id] = {key: getattr(row, column) for key, column in SHAPE.items()}

    def look(self, catalog: Catalog, folder: Path) -> SourceReport:
        """Put everything on the server and compare."""
        for hf_id, page in self.pages.items():
            self.server.answers.setdefault(f"/api/models/{hf_id}", as_json(page))
        for hf_id, config in self.configs.items():
            self.server.answers.setdefault(f"/{hf_id}/resolve/main/config.json", as_json(config))
        (found,) = refresh([self.server.source(HUGGINGFACE)], catalog, ON, folder=folder).sources
        return found


@pytest.fixture
def hub(server: Loopback, catalog: Catalog) -> Hub:
    return Hub(server, catalog)


def llama(catalog: Catalog) -> ModelRow:
    return catalog.tables.model_by_id[MODEL]


def findings(found: SourceReport) -> tuple[Finding, ...]:
    assert found.snapshot is not None
    return found.snapshot.findings


def test_what_agrees_is_not_reported(hub: Hub, catalog: Catalog, tmp_path: Path) -> None:
    found = hub.look(catalog, tmp_path)
    assert (found.status, findings(found), found.notes) == ("unchanged", (), ())
    assert found.snapshot is not None
    assert found.snapshot.counts == {"models compared": len(catalog.tables.models)}


@pytest.mark.parametrize(("off", "reported"), [(1.019, False), (1.021, True), (0.979, True)])
def test_parameters_more_than_two_percent_off_are_reported(
    hub: Hub, catalog: Catalog, tmp_path: Path, off: float, reported: bool
) -> None:
    row = llama(catalog)
    hub.pages[row.hf_id]["safetensors"]["total"] = int(row.total_params * off)
    expected = (Finding(row.name, "parameters", f"{row.total_params:,}", f"{int(row.total_params * off):,}"),)
    assert findings(hub.look(catalog, tmp_path)) == (expected if reported else ())


def test_packed_weights_are_not_counted(hub: Hub, catalog: Catalog, tmp_path: Path) -> None:
    row = llama(catalog)
    hub.pages[row.hf_id] = {"safetensors": {"total": row.total_params // 8, "parameters": {"I32": 1, "F16": 1}}}
    assert findings(hub.look(catalog, tmp_path)) == ()


def test_another_shape_or_licence_is_reported(hub: Hub, catalog: Catalog, tmp_path: Path) -> None:
    row = llama(catalog)
    hub.configs[row.hf_id] = {"text_config": {"num_hidden_layers": 81}}
    hub.pages[row.hf_id]["cardData"] = {"license": "mit"}
    assert findings(hub.look(catalog, tmp_path)) == (
        Finding(row.name, "licence", "llama-3.3", "mit"),
        Finding(row.name, "layers", "80", "81"),
    )


def test_a_gated_model_is_noted_and_the_others_compared(hub: Hub, catalog: Catalog, tmp_path: Path) -> None:
    hf_id = llama(catalog).hf_id
    hub.server.answers[f"/{hf_id}/resolve/main/config.json"] = status(401)
    found = hub.look(catalog, tmp_path)
    assert found.status == "unchanged"
    assert len(found.notes) == 1
    assert "gated" in found.notes[0]


def test_nothing_is_ever_written_but_the_look(hub: Hub, catalog: Catalog, tmp_path: Path) -> None:
    hub.configs[llama(catalog).hf_id]["vocab_size"] = 1
    (source,) = [hub.server.source(HUGGINGFACE)]
    hub.look(catalog, tmp_path)
    apply(refresh([source], catalog, ON, folder=tmp_path), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".catalog.lock", "refreshes.csv"]


def test_a_server_in_trouble_ends_the_comparison(hub: Hub, catalog: Catalog, tmp_path: Path) -> None:
    first = catalog.tables.models[0].hf_id
    hub.server.answers[f"/api/models/{first}"] = status(503)
    found = hub.look(catalog, tmp_path)
    assert (found.status, len(hub.server.asked)) == ("failed", 3)
    assert "Kept the facts of" in found.reason


def test_a_site_that_shows_no_model_is_an_error(server: Loopback, catalog: Catalog, tmp_path: Path) -> None:
    (found,) = refresh([server.source(HUGGINGFACE)], catalog, ON, folder=tmp_path).sources
    assert "none of the" in found.reason


def test_answers_of_another_form_are_an_error(hub: Hub, catalog: Catalog, tmp_path: Path) -> None:
    hub.server.answers[f"/api/models/{catalog.tables.models[0].hf_id}"] = as_json(json.loads("[1]"))
    assert "another form" in hub.look(catalog, tmp_path).reason
