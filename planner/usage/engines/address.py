"""Where an engine is: a URL, and how it is said without its secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from planner.usage.errors import UsageError, UsageProblem


class Scheme(NamedTuple):
    """What a URL begins with: the engine's name, its dialect, the module and extra it needs, and how a URL looks."""

    title: str
    dialect: str
    module: str
    extra: str
    example: str


SCHEMES = {
    "postgresql": Scheme("PostgreSQL", "postgres", "postgres", "postgres", "postgresql://reader@host:5432/litellm"),
    "sc": Scheme("Spark Connect", "spark", "spark", "spark", "sc://host:15002"),
    "bigquery": Scheme("BigQuery", "bigquery", "bigquery", "bigquery", "bigquery://project?location=EU"),
    "snowflake": Scheme(
        "Snowflake", "snowflake", "snowflake", "snowflake", "snowflake://reader@account/database/schema?warehouse=WH"
    ),
    "databricks": Scheme(
        "Databricks SQL",
        "databricks",
        "databricks",
        "databricks",
        "databricks://workspace.cloud.databricks.com/sql/1.0/warehouses/id",
    ),
    "trino": Scheme("Trino", "trino", "trino", "trino", "trino://reader@host:443/catalog/schema"),
}
ALIASES = {"postgres": "postgresql"}
SECRET = re.compile(r"(?i)([?&;](?:[^=&;]*(?:token|password|passwd|secret|key)[^=&;]*)=)([^&;]+)")


@dataclass(frozen=True)
class Address:
    """One engine's address, with what it says in the URL."""

    url: str
    scheme: Scheme

    @property
    def parts(self) -> SplitResult:
        """The URL taken apart."""
        return urlsplit(self.url)

    @property
    def user(self) -> str | None:
        """Name to sign in with."""
        return _plain(self.parts.username)

    @property
    def password(self) -> str | None:
        """Password or token to sign in with, when the URL has one."""
        return _plain(self.parts.password)

    @property
    def path(self) -> tuple[str, ...]:
        """Parts of the path."""
        return tuple(unquote(part) for part in self.parts.path.split("/") if part)

    @property
    def options(self) -> dict[str, str]:
        """What stands after the question mark."""
        return dict(parse_qsl(self.parts.query))

    @property
    def masked(self) -> str:
        """The URL for people: every secret is ***."""
        return masked(self.url)

    def without_secrets(self, text: str) -> str:
        """A driver's message without the URL's secrets."""
        secrets = {self.password, self.parts.password, *(found for _, found in SECRET.findall(self.url))}
        for secret in filter(None, secrets):
            text = text.replace(secret, "***")
        return text


def address_of(url: str) -> Address:
    """Take a URL apart. Raises UsageError when no engine is for it."""
    name = url.partition("://")[0].lower()
    name = ALIASES.get(name, name)
    if "://" not in url or name not in SCHEMES:
        examples = ", ".join(scheme.example for scheme in SCHEMES.values())
        raise UsageError(UsageProblem(masked(url), "is no address of an engine", f"Addresses look like {examples}"))
    return Address(f"{name}://{url.partition('://')[2]}", SCHEMES[name])


def masked(url: str) -> str:
    """A URL for people: every secret is ***."""
    return SECRET.sub(r"\1***", re.sub(r"(://[^/:]*):[^?;]*@", r"\1:***@", url))


def _plain(text: str | None) -> str | None:
    return None if text is None else unquote(text)
