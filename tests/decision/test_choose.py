"""DEC-2 for many points is DEC-2 for each of them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from planner.decision.choose import recommend, recommend_many
from planner.domain.options import COMPLEXITY_RANK

KINDS = st.sampled_from(sorted(COMPLEXITY_RANK))


@given(st.lists(st.tuples(KINDS, st.lists(st.floats(0, 1e6) | st.sampled_from([100.0, 105.0]), min_size=4, max_size=4)),
                min_size=1, max_size=6), st.floats(0, 1))  # fmt: skip
def test_each_point_is_recommended_alike(options: list[tuple[str, list[float]]], band: float) -> None:
    names = [f"way-{i}" for i in range(len(options))]
    kinds = {name: kind for name, (kind, _) in zip(names, options, strict=True)}
    npv = np.array([costs for _, costs in options])
    ranks = np.array([float(COMPLEXITY_RANK[kind]) for kind, _ in options])
    chosen = [names[i] for i in recommend_many(npv, ranks, band)]
    single = [recommend(dict(zip(names, npv[:, k].tolist(), strict=True)), kinds, band)[0] for k in range(4)]
    assert chosen == single
