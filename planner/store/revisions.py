"""Revisions as rows: the SQL texts of the store, and the functions that run them inside a caller's transaction.

Parameters are written $1, $2 so that the same texts run on DuckDB and PostgreSQL.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import secrets
from typing import NamedTuple

import duckdb
from pydantic import ValidationError

from planner.domain.document import DocumentError, problems_of
from planner.domain.facts import Facts
from planner.domain.result import RESULT_VERSION
from planner.domain.scenario import Scenario
from planner.store.errors import NotFound, Stale, Unreadable
from planner.store.payload import PayloadError, from_json, mismatch, scenario_from_json, to_json

ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"
"""Letters and digits that are not mistaken for each other."""
ID_CHARACTERS = 10
_ID = re.compile(f"[{ALPHABET}]{{{ID_CHARACTERS}}}")
_LARGEST_REVISION = 2**53
_INSERT_SCENARIO = """
    INSERT INTO scenario (scenario_id, revision, archived, created_at) VALUES ($1, 1, false, $2)
    ON CONFLICT DO NOTHING RETURNING scenario_id
"""
_INSERT_REVISION = """
    INSERT INTO scenario_revision (scenario_id, revision, name, owner, answer, author, scenario_json, facts_json,
        engine_version, result_version, catalog_version, saved_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
_NEWEST = "SELECT revision FROM scenario WHERE scenario_id = $1"
_ADVANCE = "UPDATE scenario SET revision = $1 WHERE scenario_id = $2 AND revision = $3 RETURNING revision"
ARCHIVE = "UPDATE scenario SET archived = $1 WHERE scenario_id = $2 RETURNING scenario_id"
_LOAD = """
    SELECT r.revision, s.revision, r.name, r.scenario_json, r.facts_json, r.answer, r.engine_version, r.result_version,
        r.catalog_version, r.saved_at, r.author, s.archived
    FROM scenario s JOIN scenario_revision r ON r.scenario_id = s.scenario_id
    WHERE s.scenario_id = $1 AND r.revision = coalesce(CAST($2 AS bigint), s.revision)
"""
ENTRIES = """
    SELECT r.scenario_id, r.name, r.owner, r.revision, r.saved_at, r.answer, s.archived
    FROM scenario s JOIN scenario_revision r ON r.scenario_id = s.scenario_id AND r.revision = s.revision
    WHERE s.archived = false OR CAST($1 AS boolean)
    ORDER BY r.saved_at DESC, r.scenario_id
"""


USING = """
    SELECT r.scenario_id, r.name, r.owner, r.revision, r.saved_at, r.answer, s.archived
    FROM scenario s JOIN scenario_revision r ON r.scenario_id = s.scenario_id AND r.revision = s.revision
    WHERE s.archived = false AND position(CAST($1 AS text) IN r.facts_json) > 0
    ORDER BY r.saved_at DESC, r.scenario_id
"""


class SavedRef(NamedTuple):
    """Names one saved revision for ever."""

    scenario_id: str
    revision: int


class Saved(NamedTuple):
    """One revision as it was saved; with its facts it gives the same figures for ever."""

    scenario_id: str
    revision: int
    latest_revision: int
    scenario: Scenario
    facts: Facts
    answer: str
    engine_version: str
    result_version: int
    catalog_version: str
    saved_at: dt.datetime
    author: str
    archived: bool


class Entry(NamedTuple):
    """The newest revision of one scenario, for a list."""

    scenario_id: str
    name: str
    owner: str
    revision: int
    saved_at: dt.datetime
    answer: str
    archived: bool


def checked(scenario_id: str) -> str:
    """The id when it is well formed; NotFound when it cannot be one."""
    if not _ID.fullmatch(scenario_id):
        raise not_found(scenario_id)
    return scenario_id


def not_found(scenario_id: str, revision: int | None = None) -> NotFound:
    """The error for a scenario, or a revision of it, that does not exist."""
    what = "" if revision is None else f" with a revision {revision}"
    return NotFound(f"There is no saved scenario {scenario_id[:40]!r}{what}.", "Check the link, or look in the list.")


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def utc(time: dt.datetime) -> dt.datetime:
    """A stored time, which is in UTC without saying so."""
    return time.replace(tzinfo=dt.UTC)


def new_id(cursor: duckdb.DuckDBPyConnection) -> str:
    """Enter a new scenario at revision 1 under an id that nobody can guess."""
    while True:
        scenario_id = "".join(secrets.choice(ALPHABET) for _ in range(ID_CHARACTERS))
        if cursor.execute(_INSERT_SCENARIO, [scenario_id, _now()]).fetchall():
            return scenario_id


def advance(cursor: duckdb.DuckDBPyConnection, scenario_id: str, expected: int) -> SavedRef:
    """Compare-and-swap: the next revision number, for one caller only."""
    newest = cursor.execute(_NEWEST, [checked(scenario_id)]).fetchall()
    if not newest:
        raise not_found(scenario_id)
    if newest[0][0] != expected or not cursor.execute(_ADVANCE, [expected + 1, scenario_id, expected]).fetchall():
        raise Stale(expected, newest[0][0])
    return SavedRef(scenario_id, expected + 1)


def append(
    cursor: duckdb.DuckDBPyConnection, ref: SavedRef, scenario: Scenario, facts: Facts, answer: str, author: str
) -> None:
    """Write one revision; ValueError when the facts are not those of the scenario."""
    wrong = mismatch(scenario, facts)
    if wrong:
        raise ValueError(wrong)
    texts = [scenario.name, scenario.owner, answer, author, to_json(scenario), to_json(facts)]
    versions = [facts.engine_version, RESULT_VERSION, facts.catalog_version]
    cursor.execute(_INSERT_REVISION, [*ref, *texts, *versions, _now()])


def load(cursor: duckdb.DuckDBPyConnection, scenario_id: str, revision: int | None) -> Saved:
    """One revision, or the newest."""
    if revision is not None and not 1 <= revision <= _LARGEST_REVISION:
        raise not_found(scenario_id, revision)
    rows = cursor.execute(_LOAD, [checked(scenario_id), revision]).fetchall()
    if not rows:
        raise not_found(scenario_id, revision)
    found, latest, name, scenario_json, facts_json, answer, engine, result, catalog, saved_at, author, archived = rows[
        0
    ]
    try:
        scenario, facts = scenario_from_json(scenario_json), from_json(Facts, facts_json)
    except PayloadError as error:
        raise Unreadable(
            f"Revision {found} of {name!r} ({scenario_id}) cannot be read by this program: {error}.",
            "Update this program; what was saved is left as it is.",
        ) from error
    return Saved(
        scenario_id, found, latest, scenario, facts, answer, engine, result, catalog, utc(saved_at), author, archived
    )


def naming(row: str) -> str:
    """How the stored facts of a scenario write that a figure is from this row of the catalog.

    Quotes inside a text are escaped there, so that no note or label can look like it.
    """
    return f'"row":{json.dumps(row, ensure_ascii=False)}'


def named(scenario: Scenario, name: str) -> Scenario:
    """The same scenario under another name; DocumentError for a name that cannot be taken."""
    given = scenario.model_dump() | {"name": name}
    try:
        return Scenario.model_validate(given)
    except ValidationError as error:
        raise DocumentError(problems_of(error, given)) from error
