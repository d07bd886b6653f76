"""Everything that is wrong with a request's names, at once, before anything is searched."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from planner.catalog.tables import Tables
from planner.domain.capacity import CapacityRequest
from planner.domain.nearest import did_you_mean


def request_problems(request: CapacityRequest, tables: Tables) -> tuple[str, ...]:
    """A sentence per unknown model, format, GPU, provider or region, with the nearest names."""
    providers = {row.provider for row in tables.gpu_prices}
    known = (
        ("model", request.model_ids, tables.model_by_id),
        ("weight format", request.format_ids, tables.format_by_id),
        ("GPU", request.gpu_ids, tables.gpu_by_id),
    )
    found = [problem for noun, names, rows in known for problem in _unknown(noun, names, rows)]
    found += _unknown_providers(request, providers)
    return (*found, *_unknown_region(request, {row.region for row in tables.gpu_prices if row.region}))


def _unknown(noun: str, names: Collection[str], known: Collection[str]) -> Iterator[str]:
    for name in names:
        if name not in known:
            yield f"The catalog has no {noun} {name!r}. {did_you_mean(name, known, 'List them to see what there is.')}"


def _unknown_providers(request: CapacityRequest, known: Collection[str]) -> Iterator[str]:
    folded = {name.casefold(): name for name in known}
    for name in request.providers:
        if name.casefold() not in folded:
            near = did_you_mean(name, sorted(known), f"There are {', '.join(sorted(known))}.")
            yield f"No provider {name!r} has a price. {near}"


def _unknown_region(request: CapacityRequest, known: Collection[str]) -> Iterator[str]:
    start = request.region.casefold()
    if start and not any(name.casefold().startswith(start) for name in known):
        yield f"No price is for a region that starts with {request.region!r}. There are {', '.join(sorted(known))}."
