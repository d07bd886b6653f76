"""When each source was last looked at and what it had then: one line for every refresh that was applied."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, ValidationError

from planner.domain.base import Value
from planner.refresh.whole import locked, replace_whole

FILE = "refreshes.csv"


class Look(Value):
    """One look at one source."""

    source: str = Field(description="Name of the source.")
    looked_on: dt.date = Field(description="Day of the look.")
    dated: dt.date | None = Field(None, description="The day the source's data was of, where it says so.")
    counts: Mapping[str, int] = Field(description="How much it had, by kind.")
    rows_added: int = Field(ge=0, description="Rows that were added.")


COLUMNS = tuple(Look.model_fields)


def last_look(folder: Path, source: str) -> Look | None:
    """The newest look at a source in the folder, of one day the last; lines that cannot be read count for nothing."""
    path = folder / FILE
    if not path.is_file():
        return None
    with path.open(encoding="utf-8", newline="", errors="replace") as file:
        looks = [look for cells in csv.DictReader(file) if (look := _look(cells)) is not None]
    ours = [look for look in looks if look.source == source]
    return max(reversed(ours), key=lambda look: look.looked_on, default=None)


def _look(cells: Mapping[str, str]) -> Look | None:
    try:
        values = {**cells, "counts": json.loads(cells.get("counts") or "{}"), "dated": cells.get("dated") or None}
        return Look.model_validate(values)
    except (ValidationError, ValueError, TypeError):
        return None


def note(folder: Path, look: Look) -> None:
    """Add a line to the folder's log. Raises RefreshError when it cannot be written."""
    path = folder / FILE
    with locked(folder):
        before = path.read_bytes() if path.is_file() else b""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        if not before:
            writer.writerow(COLUMNS)
        dated = look.dated.isoformat() if look.dated else ""
        writer.writerow([look.source, look.looked_on, dated, json.dumps(dict(look.counts)), look.rows_added])
        replace_whole(path, before + text.getvalue().encode("utf-8"))
