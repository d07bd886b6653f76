"""`planner catalog import-model`: a model that the catalog does not have, from its Hugging Face configuration."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from planner.catalog.catalog import installed
from planner.catalog.hf_config import MAX_BYTES, ConfigError
from planner.catalog.hf_import import HF_ID, HUB, Stated, config_url, import_model, params_of, slug_of
from planner.cli.inputs import OK, InputError
from planner.domain.nearest import did_you_mean
from planner.domain.typed import TypedModel

Fetch = Callable[[str], bytes]
GIVE = "Give a config.json, its https address, or owner/name on Hugging Face."
SHOWN = 80
USE = "Put these two fields into a rented or owned option, with a throughput that you measured."


def add_import_model(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("config", help="a config.json, its https address, or a repository such as Qwen/Qwen3-8B")
    parser.add_argument("--total-params", required=True, metavar="N", help="as the model's page says: 8.2B or 8.2e9")
    parser.add_argument("--name", default="", help="name on screen; the repository's when left out")
    parser.add_argument("--licence-id", default=None, help="row of licences.csv (`planner catalog list licences`)")
    parser.add_argument("--out", type=Path, default=None, help="file to write; standard output when left out")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, fetch: Fetch | None = None) -> int:
    """Print the model as fields of an option, or write them; InputError when it cannot be imported."""
    given: str = options.config
    data, hf_id, url = _read(given, fetch or get)
    try:
        model = import_model(data, _stated(options, given, hf_id, url))
    except ConfigError as error:
        raise InputError(f"{given}: {error}.") from error
    text = document(model)
    if options.out is None:
        print(text, end="")
        return OK
    try:
        options.out.write_text(text, encoding="utf-8")
    except OSError as error:
        why = (error.strerror or "cannot be written").lower()
        raise InputError(f"{options.out}: {why}. Choose another file.") from error
    print(f"{options.out}: {model.name}, {model.total_params / 1e9:,.2f} billion parameters. {USE}")
    return OK


def document(model: TypedModel) -> str:
    """The two fields of an option that hold the model, as YAML."""
    fields = {"model_id": slug_of(model.hf_id or model.name), "model": model.model_dump(mode="json")}
    return yaml.safe_dump(fields, sort_keys=False, allow_unicode=True)


def get(url: str) -> bytes:
    """A configuration from Hugging Face; RefreshError becomes InputError."""
    from planner.refresh.errors import RefreshError
    from planner.refresh.fetch import Door, Limits

    door = Door(hosts=frozenset({HUB}), limits=Limits(max_bytes=MAX_BYTES))
    if not url.startswith(f"{HUB}/"):
        raise InputError(f"{url}: only {HUB} is read. Download the config.json, and give the file.")
    try:
        return door.get(url, "json")
    except RefreshError as error:
        raise InputError(f"{url}: {error}") from error


def _stated(options: argparse.Namespace, given: str, hf_id: str, url: str) -> Stated:
    return Stated(
        total_params=params_of(options.total_params),
        name=options.name or hf_id.rpartition("/")[2] or Path(urlsplit(given).path).stem,
        hf_id=hf_id,
        licence_id=_licence(options.licence_id),
        source="config.json of the model's repository" if url else f"file {Path(given).name}",
        source_url=url,
        as_of=dt.datetime.now(dt.UTC).date().isoformat(),
    )


def _licence(licence_id: str | None) -> str | None:
    known = installed().tables.licence_by_id
    if licence_id is not None and licence_id not in known:
        hint = did_you_mean(licence_id, sorted(known), f"Known: {', '.join(sorted(known))}")
        raise InputError(f"there is no licence {licence_id!r}. {hint}")
    return licence_id


def _read(given: str, fetch: Fetch) -> tuple[bytes, str, str]:
    """The bytes, the repository if it is known, and the address they are from."""
    if given.startswith(("https://", "http://")):
        return fetch(given), _repository(given), given
    if (data := _of_file(Path(given))) is not None:
        return data, "", ""
    if HF_ID.fullmatch(given) and Path(given).suffix != ".json":
        return fetch(config_url(given)), given, config_url(given)
    raise InputError(f"{given}: no such file. {GIVE}")


def _of_file(path: Path) -> bytes | None:
    """What the file holds; None when there is none."""
    try:
        if path.is_dir():
            raise InputError(f"{path}: this is a folder. {GIVE}")
        if not path.is_file():
            return None
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path}: {path.stat().st_size:,} bytes is no config.json; at most {MAX_BYTES:,}.")
        return path.read_bytes()
    except OSError as error:
        shown = str(path) if len(str(path)) <= SHOWN else f"{str(path)[:SHOWN]}..."
        raise InputError(f"{shown}: {(error.strerror or 'cannot be read').lower()}. {GIVE}") from error


def _repository(url: str) -> str:
    """owner/name of an address on Hugging Face; empty elsewhere."""
    parts = urlsplit(url)
    name = "/".join(parts.path.strip("/").split("/")[:2])
    return name if f"{parts.scheme}://{parts.hostname}" == HUB and HF_ID.fullmatch(name) else ""
