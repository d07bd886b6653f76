"""An export of money only: its tokens are unknown, so there is nothing to price, and nothing is 0."""

from __future__ import annotations

import pytest

from planner.catalog.catalog import load
from planner.decision.log_price import NoTokens, as_it_was
from planner.usage.importer import ImportRequest, import_usage
from planner.workload.rollup import Rollup
from tests.workload.readers.rows_of import SAMPLES


@pytest.fixture(scope="module")
def costs(tmp_path_factory: pytest.TempPathFactory) -> Rollup:
    folder = tmp_path_factory.mktemp("usage")
    return import_usage(ImportRequest((SAMPLES / "anthropic_cost_csv.csv",)), folder).rollup


def test_money_without_tokens_is_refused_with_the_way_out(costs: Rollup) -> None:
    assert costs.total("cost_nano")
    with pytest.raises(NoTokens, match=r"states no tokens.*Import the usage export"):
        as_it_was(costs, load())


def test_what_was_billed_can_still_be_shared_out(costs: Rollup) -> None:
    assert as_it_was(costs, load(), tokens_needed=False).rollup is costs
