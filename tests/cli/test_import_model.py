"""`planner catalog import-model`: a configuration from a file or an address becomes the model of an option."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
import yaml

from planner.catalog.catalog import DATA_DIR
from planner.cli.inputs import InputError
from planner.cli.models import Fetch, add_import_model
from planner.cli.models import run as run_import
from planner.domain.typed import TypedModel
from tests.builders import answer, rented, scenario

CONFIG = DATA_DIR / "model_configs" / "qwen3-8b.json"


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_import_model(parser)
    return parser.parse_args(arguments)


def sends(content: bytes, asked: list[str]) -> Fetch:
    def fetch(url: str) -> bytes:
        asked.append(url)
        return content

    return fetch


def test_a_file_becomes_a_model_that_an_option_can_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "model.yaml"
    options = parsed(str(CONFIG), "--total-params", "8.2B", "--name", "Qwen3 8B", "--out", str(out))
    assert run_import(options) == 0
    assert "Qwen3 8B, 8.19 billion parameters." in capsys.readouterr().out
    fields = yaml.safe_load(out.read_text("utf-8"))
    assert fields["model_id"] == "qwen3-8b"
    own = answer(scenario(rented(model_id=fields["model_id"], model=TypedModel.model_validate(fields["model"]))))
    assert own.option("own").status == "ok"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("Qwen/Qwen3-8B", "https://huggingface.co/Qwen/Qwen3-8B/resolve/main/config.json"),
        ("https://huggingface.co/Qwen/Qwen3-8B/raw/main/config.json",) * 2,
    ],
)
def test_a_repository_or_an_address_is_fetched(given: str, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[str] = []
    options = parsed(given, "--total-params", "8.2e9", "--licence-id", "apache-2.0")
    assert run_import(options, sends(CONFIG.read_bytes(), asked)) == 0
    model = TypedModel.model_validate(yaml.safe_load(capsys.readouterr().out)["model"])
    assert asked == [url]
    assert (model.hf_id, model.name, model.licence_id) == ("Qwen/Qwen3-8B", "Qwen3-8B", "apache-2.0")
    assert model.provenance.source_url == url


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((str(CONFIG), "--total-params", "7B"), r"8\.19 billion parameters and you stated 7\.00 billion"),
        ((str(CONFIG), "--total-params", "many"), r"write 70\.6B"),
        (("nowhere.json", "--total-params", "8B"), "no such file"),
        ((str(CONFIG), "--total-params", "8.2B", "--licence-id", "apache"), "no licence 'apache'.*apache-2.0"),
    ],
)
def test_what_cannot_be_imported_is_said_with_the_way_out(arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(InputError, match=said):
        run_import(parsed(*arguments))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html>Not found</html>", "this is a web page"),
        (b'{"error": "gated"}', "an error message: 'gated'"),
        (json.dumps({"model_type": "clip"}).encode(), "'clip' is not one that can be counted"),
        (b"{}" + b" " * 1_000_001, "is no config.json"),
    ],
)
def test_an_answer_that_is_no_configuration_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(InputError, match=f"Qwen/Qwen3-8B: .*{said}"):
        run_import(parsed("Qwen/Qwen3-8B", "--total-params", "8B"), sends(content, []))


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(b" " * 1_000_001)
    with pytest.raises(InputError, match=r"1,000,001 bytes is no config\.json"):
        run_import(parsed(str(path), "--total-params", "8B"))


def test_a_host_that_is_not_allowed_is_not_asked() -> None:
    with pytest.raises(InputError, match=r"only https://huggingface\.co is read\. Download the config\.json"):
        run_import(parsed("https://models.example/config.json", "--total-params", "8B"))
