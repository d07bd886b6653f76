"""Which models the organisation may use, and what is not known of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.catalog.rows import ModelRow
from planner.catalog.tables import Tables
from planner.domain.capacity import CapacityRequest
from planner.domain.licence import licence_problems


class Licences(NamedTuple):
    """Per model, in its order: whether it may be used, the clause that it fails, and what is left open."""

    allowed: NDArray[np.bool_]
    failed: tuple[str, ...]
    open: tuple[str, ...]


def licences(models: Sequence[ModelRow], request: CapacityRequest, tables: Tables) -> Licences:
    """The terms of every model held against the organisation; all allowed when licences are not to be checked."""
    read = [_read(model, request, tables) for model in models]
    allowed = [not failed or not request.check_licences for failed, _ in read]
    return Licences(
        np.asarray(allowed, dtype=bool), tuple(failed for failed, _ in read), tuple(left_open for _, left_open in read)
    )


def _read(model: ModelRow, request: CapacityRequest, tables: Tables) -> tuple[str, str]:
    row = tables.licence_by_id.get(model.licence_id)
    if row is None:
        return "", f"No licence is known for {model.name}: read it before use."
    found = licence_problems(row.terms, request.organisation, model.modalities)
    failed = "; ".join(item.message for item in found if item.failed)
    unknown = "; ".join(item.message for item in found if not item.failed)
    return failed, f"Licence: {unknown}; you have not said." if unknown else ""
