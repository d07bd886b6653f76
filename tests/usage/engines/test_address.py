"""Addresses of engines: taken apart, and never shown with their secrets."""

from __future__ import annotations

import pytest

from planner.usage.engines import SCHEMES, open_engine
from planner.usage.engines.address import address_of, masked
from planner.usage.errors import UsageError

SECRETS = [
    "postgresql://reader:geheim@host:5432/litellm",
    "postgresql://reader:ge@heim@host/litellm?sslmode=require",
    "postgresql://host/litellm?password=geheim&user=reader",
    "sc://host:15002/;token=geheim;use_ssl=true",
    "snowflake://reader:geheim@account/db/schema?warehouse=WH",
    "databricks://token:geheim@host/sql/1.0/warehouses/1",
    "trino://reader:geheim@host:443/hive",
    "mysql://reader:geheim@host/x",
]


@pytest.mark.parametrize("url", SECRETS)
def test_no_secret_is_shown(url: str) -> None:
    assert "heim" not in masked(url)
    assert "***" in masked(url)
    assert masked(url).startswith(url.partition("://")[0])


def test_an_address_without_secrets_is_shown_as_it_is() -> None:
    for scheme in SCHEMES.values():
        assert masked(scheme.example) == scheme.example


def test_an_address_is_taken_apart() -> None:
    address = address_of("snowflake://reader:p%40ss@account/PROD/PUBLIC?warehouse=WH&role=READER")
    assert (address.user, address.password, address.path) == ("reader", "p@ss", ("PROD", "PUBLIC"))
    assert address.options == {"warehouse": "WH", "role": "READER"}
    assert address.without_secrets("wrong p@ss, or p%40ss") == "wrong ***, or ***"


def test_postgres_is_another_word_for_postgresql() -> None:
    assert address_of("postgres://host/db").url == "postgresql://host/db"


@pytest.mark.parametrize("url", ["mysql://reader:geheim@host/x", "host/x", ""])
def test_another_address_is_refused_with_examples(url: str) -> None:
    with pytest.raises(UsageError, match=r"is no address of an engine\. Addresses look like postgresql://") as refused:
        address_of(url)
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize(
    ("scheme", "package"),
    [("bigquery", "google"), ("snowflake", "snowflake"), ("databricks", "databricks"), ("trino", "trino")],
)
def test_a_driver_that_is_not_installed_is_named_with_its_extra(scheme: str, package: str) -> None:
    with pytest.raises(UsageError, match=rf"needs the package {package}.*pip install 'llm-tco-planner\[{scheme}\]'"):
        open_engine(SCHEMES[scheme].example)


def test_a_server_that_is_not_there_is_told_of_without_the_password() -> None:
    with pytest.raises(
        UsageError, match=r"^postgresql://reader:\*\*\*@127\.0\.0\.1:1/x: .*Check the address"
    ) as refused:
        open_engine("postgresql://reader:geheim@127.0.0.1:1/x")
    assert "geheim" not in str(refused.value)
