"""Settings of the classes before that a log does not know: privacy, modality, quality floor, name."""

from __future__ import annotations

from collections.abc import Sequence

from planner.domain.workload import TaskClass

SETTINGS = ("private", "modality", "quality_floor")
WORDS = {"private": "privacy", "modality": "what the model must read", "quality_floor": "the lowest quality"}


def carried_over(
    before: Sequence[TaskClass], after: Sequence[TaskClass]
) -> tuple[tuple[TaskClass, ...], tuple[str, ...]]:
    """The new classes with the settings of those they stand for, and what was carried over or lost, in words.

    A class stands for the one of the same class_id or name; for the only one before; or for all of them, where all
    have the same setting.
    """
    matches = [_match(task, before) for task in after]
    kept = tuple(
        task.model_copy(update=_settings(match, before) | _label(match, before, after))
        for task, match in zip(after, matches, strict=True)
    )
    return kept, (*_kept(kept), *_lost(before, matches))


def rescaled(before: Sequence[TaskClass], requests_per_day: float) -> tuple[tuple[TaskClass, ...], tuple[str, ...]]:
    """The classes as they were, with the measured number of requests shared out as before (evenly when they had none).

    For a log that counts requests and knows nothing of tokens.
    """
    total = sum(task.requests_per_day for task in before)
    shares = [task.requests_per_day / total if total > 0 else 1 / len(before) for task in before]
    kept = tuple(
        task.model_copy(update={"requests_per_day": requests_per_day * share})
        for task, share in zip(before, shares, strict=True)
    )
    return kept, ("The log counts requests, not tokens: tokens per request stay as they were typed in.",)


def _match(task: TaskClass, before: Sequence[TaskClass]) -> TaskClass | None:
    if len(before) == 1:
        return before[0]
    names = {task.class_id, task.label.lower()}
    return next((old for old in before if old.class_id in names or (old.label and old.label.lower() in names)), None)


def _settings(match: TaskClass | None, before: Sequence[TaskClass]) -> dict[str, object]:
    """Of the class it stands for, else those that every class before has in common."""
    if match is not None:
        return {name: getattr(match, name) for name in SETTINGS}
    common = ((name, {getattr(old, name) for old in before}) for name in SETTINGS)
    return {name: values.pop() for name, values in common if len(values) == 1}


def _label(match: TaskClass | None, before: Sequence[TaskClass], after: Sequence[TaskClass]) -> dict[str, object]:
    """The only class keeps its id and its name: options and documents may refer to it."""
    if match is None or (len(before), len(after)) != (1, 1):
        return {}
    return {"class_id": match.class_id, "label": match.label}


def _kept(after: Sequence[TaskClass]) -> tuple[str, ...]:
    usual = TaskClass.model_fields
    moved = [name for name in SETTINGS if any(getattr(task, name) != usual[name].default for task in after)]
    if not moved:
        return ()
    return (f"Taken over from the classes before: {', '.join(WORDS[name] for name in moved)}.",)


def _lost(before: Sequence[TaskClass], matches: Sequence[TaskClass | None]) -> tuple[str, ...]:
    """Classes whose own settings no new class has."""
    usual = TaskClass.model_fields
    shared = {name for name in SETTINGS if len({getattr(old, name) for old in before}) == 1}
    special = [
        old.label or old.class_id
        for old in before
        if old not in matches
        and any(getattr(old, name) != usual[name].default for name in SETTINGS if name not in shared)
    ]
    if not special:
        return ()
    return (
        (
            f"Privacy, modality or quality floor of {', '.join(special)} are not carried over: the log has no class of "
            "that name. Set them again where they hold."
        ),
    )
