"""Every source against every kind of bad server, the guard and the comparison by hand, and what is kept of a look."""

from __future__ import annotations

import ast
import dataclasses
import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.catalog.catalog import Catalog
from planner.catalog.rows import ApiPriceRow, GpuPriceRow
from planner.refresh.diff import Diff, DiffLine, compare, offer_of
from planner.refresh.errors import RefreshError
from planner.refresh.fetch import Door
from planner.refresh.guard import Accept, is_jump, objections
from planner.refresh.log import Look, last_look, note
from planner.refresh.run import Report, apply, chosen, refresh
from planner.refresh.snapshot import InForce, RowMaker, Snapshot, Source, dated_ids
from planner.refresh.sources import SOURCES
from planner.refresh.sources.text import number
from tests.refresh.loopback import QUICK, Answer, Loopback, body, cut, endless, html, slow, status

ON = dt.date(2026, 11, 21)
PLANNER = Path(__file__).resolve().parents[2] / "planner"
HASTY = QUICK.model_copy(update={"total_s": 0.5, "tries": 2})
BAD: dict[str, tuple[Answer, str]] = {
    "HTML": (html(), "HTML"),
    "500": (status(500), "answered 500 Internal Server Error (2 tries)"),
    "broken off": (cut(b'{"data": [' * 99), "broke off"),
    "slow": (slow(0.02), "more than 0.5 seconds"),
    "200 MB": (endless(200_000_000), "2,000,000 bytes"),
    "elsewhere": (status(302, Location="https://example.com/"), "not an allowed host"),
    "too many": (status(429), "429"),
    "not text": (body(b"\xff\xfe\x00\x01" * 9), ""),
}


class Everywhere(dict[str, Answer]):
    """The same answer to every question."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer

    def get(self, _key: object, _default: object = None) -> Answer:
        """The answer."""
        return self.answer


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("name", SOURCES)
def test_a_bad_server_changes_nothing(server: Loopback, catalog: Catalog, tmp_path: Path, name: str, kind: str) -> None:
    answer, said = BAD[kind]
    server.answers = Everywhere(answer)
    report = refresh([server.source(SOURCES[name], "/x", HASTY)], catalog, ON, folder=tmp_path)
    (found,) = report.sources
    assert found.status == "failed"
    assert ("line without end" if (name, kind) == ("aws", "200 MB") else said) in found.reason
    assert server.sent < 60_000_000
    assert f"Kept the {'facts' if name == 'huggingface' else 'prices'} of 2026-" in found.reason
    assert found.remedy
    assert apply(report, tmp_path) == ()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", SOURCES)
def test_nobody_there_changes_nothing(server: Loopback, catalog: Catalog, tmp_path: Path, name: str) -> None:
    source = server.source(SOURCES[name], "/x", HASTY)
    server.shutdown()
    server.server_close()
    (found,) = refresh([source], catalog, ON, folder=tmp_path).sources
    assert found.status == "failed"
    assert "cannot be reached (2 tries). Kept the" in found.reason
    assert "connection" in found.remedy


class Canned(Door):
    """A door behind which everybody says the same."""

    content: bytes

    def get(self, url: str, expected: str = "json") -> bytes:
        """The content."""
        return self.content


KEYS = st.sampled_from(
    [
        *(
            "data",
            "id",
            "pricing",
            "prompt",
            "completion",
            "hugging_face_id",
            "context_length",
            "Items",
            "NextPageLink",
        ),
        *("retailPrice", "type", "currencyCode", "reservationTerm", "effectiveStartDate", "safetensors", "total"),
        *("NextPageLink", "cardData", "license", "text_config", "num_hidden_layers", "vocab_size", "models", "prices"),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.sampled_from(["0.1", "openai"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=12,
)


@given(JSON, st.sampled_from(["genai", "openrouter", "azure", "huggingface"]))
def test_any_json_is_read_or_refused_in_words(catalog: Catalog, value: object, name: str) -> None:
    door = Canned(hosts=frozenset({"https://example.com"}), content=json.dumps(value).encode())
    found = outcome(dataclasses.replace(SOURCES[name], door=door), catalog)
    assert isinstance(found, Snapshot) or (found.message.endswith(".") and found.remedy)


def outcome(source: Source, catalog: Catalog) -> Snapshot | RefreshError:
    """What comes of reading a source."""
    try:
        return source.read(source, catalog, ON)
    except RefreshError as error:
        return error


def test_every_source_is_asked_over_https_and_only_there() -> None:
    for source in SOURCES.values():
        assert source.url.startswith("https://")
        assert all(host.startswith("https://") for host in source.door.hosts)
        assert any(source.url.startswith(host) for host in source.door.hosts)
        assert source.door.limits.max_bytes <= 1_500_000_000


def test_sources_are_chosen_by_name() -> None:
    assert [source.name for source in chosen([])] == list(SOURCES)
    assert [source.name for source in chosen(["aws", "genai"])] == ["genai", "aws"]
    with pytest.raises(RefreshError, match="Did you mean azure"):
        chosen(["azur"])


def test_a_mirror_without_encryption_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPUHUNT_CATALOG_URL", "http://mirror.example.com")
    with pytest.raises(RefreshError, match="is not https"):
        chosen(["gpuhunt"])


def imports(path: Path) -> Iterator[str]:
    """Modules that a file imports, and what it takes from them."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_only_the_refresh_knows_the_librarys_updates() -> None:
    """They replace the prices of the whole process; even the refresh takes no more than the address from there."""
    update = "genai_prices.update_prices"
    for path in PLANNER.rglob("*.py"):
        found = [name for name in imports(path) if "UpdatePrices" in name or name.startswith(update)]
        ours = path == PLANNER / "refresh" / "sources" / "genai.py"
        assert found == ([f"{update}.DEFAULT_UPDATE_URL"] if ours else []), path
        assert "set_custom_snapshot" not in path.read_text("utf-8"), path


def line(old: str | None, new: str | None) -> DiffLine:
    pair = [None if text is None else Decimal(text) for text in (old, new)]
    return DiffLine("changed", "t/r", "model at host", "input", "USD per 1M tokens", *pair)


@pytest.mark.parametrize(
    ("old", "new", "jump"),
    [
        ("1", "10", False),
        ("1", "10.01", True),
        ("10.01", "1", True),
        ("10", "1", False),
        ("1", "0", True),
        ("0", "0.1", True),
        ("0", "0", False),
        (None, "5", False),
        ("5", None, False),
    ],
)
def test_a_jump_is_more_than_ten_times_up_or_down(old: str | None, new: str | None, jump: bool) -> None:
    assert is_jump(line(old, new)) == jump


def diff_of(*lines: DiffLine) -> Diff:
    return Diff((), lines, 0, len(lines), 0, ())


def test_everything_that_speaks_against_a_snapshot_is_said_at_once() -> None:
    snapshot = Snapshot(
        rows=(),
        counts={"models": 9, "providers": 5},
        least={"models": 3, "offers": 1},
        dated=dt.date(2026, 1, 1),
        not_before=dt.date(2026, 11, 9),
    )
    last = Look(source="x", looked_on=dt.date(2026, 11, 1), counts={"models": 10}, rows_added=0)
    found = objections(snapshot, diff_of(line("1", "11")), last, Accept())
    assert [(o.code, o.message.split(";")[0]) for o in found] == [
        ("FEWER", "It has 9 models, fewer than 10 on 2026-11-01."),
        ("FEWER", "It has 0 offers, fewer than the 1 expected of it."),
        ("OLDER", "It is of 2026-01-01, older than what is here (2026-11-09)."),
        ("JUMP", "1 price(s) would change more than 10 times: model at host, input: 1 to 11."),
    ]
    taken = Accept(fewer=True, older=True, jumps=True)
    assert objections(snapshot, diff_of(line("1", "11")), last, taken) == ()


def test_a_snapshot_without_a_date_is_older_than_one_with() -> None:
    last = Look(source="x", looked_on=ON, dated=dt.date(2026, 11, 20), counts={}, rows_added=0)
    found = objections(Snapshot(rows=()), diff_of(), last, Accept())
    assert [o.message for o in found] == ["It is without any date, older than what is here (2026-11-20)."]


def test_rows_are_compared_figure_by_figure(catalog: Catalog) -> None:
    known = catalog.tables.gpu_prices[:4]
    in_force = {offer_of(row): InForce(row, f"gpu_prices/{row.price_id}") for row in known[:3]}
    dearer = known[0].model_copy(update={"usd_per_gpu_hour": known[0].usd_per_gpu_hour * 1.5})
    within_rounding = known[1].model_copy(update={"usd_per_gpu_hour": known[1].usd_per_gpu_hour + 0.00009})
    found = compare([dearer, within_rounding, known[3]], in_force)
    assert (found.changed, found.unchanged, found.added) == (1, 1, 1)
    assert found.rows == (dearer, known[3])
    assert [(one.change, one.row) for one in found.lines] == [
        ("changed", f"gpu_prices/{known[0].price_id}"),
        ("added", f"gpu_prices/{known[3].price_id}"),
    ]
    assert found.lines[0].change_fraction == Decimal("0.5")
    assert len(found.missing) == 1


@given(st.floats(0.02, 99), st.floats(0.02, 99))
def test_a_difference_is_none_against_itself_and_turns_its_sign(catalog: Catalog, low: float, high: float) -> None:
    rows = [catalog.tables.gpu_prices[0].model_copy(update={"usd_per_gpu_hour": usd}) for usd in (low, high)]
    first, second = ({offer_of(row): InForce(row, "t/r")} for row in rows)
    assert compare(rows[:1], first).rows == ()
    there, back = compare(rows[1:], first).lines, compare(rows[:1], second).lines
    assert len(there) == len(back)
    if there:
        assert (there[0].old, there[0].new) == (back[0].new, back[0].old)


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=120), min_size=1, unique=True))
def test_row_ids_are_their_own_end_in_the_day_and_fit(names: list[str]) -> None:
    named = [f"p-{name}" for name in names]
    ids = dated_ids(named, ON)
    assert len(set(ids)) == len(ids)
    assert all(identifier.endswith("-2026-11-21") for identifier in ids)
    maker = RowMaker()
    row = {"gpu_id": "t4", "provider": "p", "provider_tier": "neocloud", "instance": "i", "gpus_per_instance": 1}
    row |= {"term": "spot", "usd_per_gpu_hour": 1, "confidence": "low", "origin": "published", "as_of": "2026"}
    row |= {"source": "s", "source_url": "https://example.com/x"}
    assert all(maker.make(GpuPriceRow, "x", row | {"price_id": identifier}, ON) for identifier in ids)


def test_what_is_left_out_is_counted_with_its_reason() -> None:
    maker = RowMaker()
    for n in range(9):
        assert maker.make(ApiPriceRow, f"model {n}", {"price_id": "a"}, ON) is None
    assert len(maker.notes()) == 4
    assert maker.notes()[0].startswith("Left out model 0: ")
    assert maker.notes()[-1] == "6 more for the same reason as model 0."


def test_text_that_is_no_name_makes_no_row() -> None:
    maker = RowMaker()
    values = {"provider": "p", "model": "gpt\x07", "source": "s"}
    assert maker.make(ApiPriceRow, "gpt\x07", values, ON) is None
    assert maker.make(ApiPriceRow, "long", values | {"model": "x" * 201}, ON) is None
    assert maker.notes()[0] == "Left out gpt?: model is not plain text of at most 200 characters."


def test_of_two_looks_on_one_day_the_last_counts(tmp_path: Path) -> None:
    for offers in (10, 5):
        note(tmp_path, Look(source="aws", looked_on=ON, counts={"offers": offers}, rows_added=0))
    found = last_look(tmp_path, "aws")
    assert found is not None
    assert found.counts == {"offers": 5}


def test_a_day_that_has_not_come_is_not_kept_as_the_day_of_a_look(catalog: Catalog, tmp_path: Path) -> None:
    ahead = Snapshot(rows=(), dated=dt.date(2099, 1, 1))
    source = Source("x", "X", "https://example.com", Door(hosts=frozenset()), lambda *_: ahead, lambda _: None)
    apply(refresh([source], catalog, ON, folder=tmp_path), tmp_path)
    found = last_look(tmp_path, "x")
    assert found is not None
    assert found.dated == ON


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("0.00000012", "0.00000012"),
        ("1.2e-7", "0.00000012"),
        (3, "3"),
        (Decimal("1E+3"), "1000"),
        ("10000000000000", "10000000000000"),
        ("10000000000001", None),
        (10**400, None),
        ("1e9999", None),
        (Decimal("1e9999"), None),
        (float("nan"), None),
        ("Infinity", None),
        ("1_000", None),
        (" 1", None),
        ("\u0661", None),
        ("0x1", None),
        (True, None),
        (None, None),
    ],
)
def test_a_number_is_exact_plain_and_not_beyond_anything_priced(text: object, exact: str | None) -> None:
    assert number(text) == (None if exact is None else Decimal(exact))


def test_looks_are_kept_and_the_newest_counts(tmp_path: Path) -> None:
    assert last_look(tmp_path, "aws") is None
    for day, models in ((1, 5), (20, 7), (10, 9)):
        look = Look(source="aws", looked_on=dt.date(2026, 11, day), counts={"models": models}, rows_added=day)
        note(tmp_path, look)
    note(tmp_path, Look(source="azure", looked_on=ON, counts={}, rows_added=0))
    with (tmp_path / "refreshes.csv").open("a") as file:
        file.write("aws,never,,x,1\naws\n")
    found = last_look(tmp_path, "aws")
    assert found == Look(source="aws", looked_on=dt.date(2026, 11, 20), counts={"models": 7}, rows_added=20)
    assert (tmp_path / "refreshes.csv").read_text().startswith("source,looked_on,dated,counts,rows_added\n")


def test_a_look_that_found_nothing_new_is_kept_too(catalog: Catalog, tmp_path: Path) -> None:
    source = Source(
        "x", "X", "https://example.com", Door(hosts=frozenset()), lambda *_: Snapshot(rows=()), lambda _: None
    )
    told: list[str] = []
    report = refresh([source], catalog, ON, folder=tmp_path, tell=lambda s: told.append(s.name))
    assert isinstance(report, Report)
    apply(report, tmp_path)
    assert told == ["x"]
    assert last_look(tmp_path, "x") == Look(source="x", looked_on=ON, counts={}, rows_added=0)
