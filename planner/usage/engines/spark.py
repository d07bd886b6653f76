"""Spark through Spark Connect: SQL text in, Arrow back. No Java here.

The session is UTC and ANSI: a number that overflows is an error, never NULL.
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from threading import Timer
from typing import Any

import pyarrow as pa

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of its own use of pandas and Python
    from pyspark.errors import PySparkException
    from pyspark.errors.exceptions.connect import SparkConnectGrpcException
    from pyspark.logger import PySparkLogger
    from pyspark.sql.connect.client.retries import DefaultPolicy
    from pyspark.sql.connect.session import SparkSession

from planner.usage.engines.address import Address
from planner.usage.engines.warehouse import TOO_LONG, Lost, Refused

RETRIES, LONGEST_WAIT_MS = 3, 2_000
"""The client's own; its usual ten minutes are too long for somebody who waits."""
SETTINGS = {"spark.sql.session.timeZone": "UTC", "spark.sql.ansi.enabled": "true"}
PySparkLogger.getLogger("SQLQueryContextLogger").setLevel("CRITICAL")
"""It writes each refused text to the terminal; the error says it already."""
STOPPED = ("[NO_ACTIVE_SESSION]", "Cannot call methods on a stopped SparkContext", "SparkContext was shut down")
GONE = ("UNAVAILABLE", "RETRIES_EXCEEDED", "SESSION_NOT_FOUND", "SESSION_CLOSED", "SESSION_CHANGED")


class SparkConnection:
    """One session of a Spark Connect server."""

    snapshot = False

    def __init__(self, address: Address, timeout_s: int) -> None:
        self._timeout_s, self._over = timeout_s, False
        self._session = SparkSession(address.url)
        self._session.client.set_retry_policies([DefaultPolicy(max_retries=RETRIES, max_backoff=LONGEST_WAIT_MS)])
        try:
            for key, value in SETTINGS.items():
                self._asked(self._session.conf.set, key, value)
        except (Lost, Refused):
            self.close()
            raise

    def run(self, text: str) -> pa.Table:
        """Run one text."""
        timer = Timer(self._timeout_s, self._stop)
        timer.start()
        try:
            return self._asked(lambda: self._session.sql(text).toArrow())
        finally:
            timer.cancel()

    def columns(self, table: str) -> dict[str, str]:
        """As Spark describes the table; its TIMESTAMP is an instant."""
        fields = self._asked(lambda: self._session.sql(f"SELECT * FROM {table}").schema.fields)
        return {field.name: spark_type(field.dataType.simpleString()) for field in fields}

    def close(self) -> None:
        """End the session."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with suppress(Exception):
                self._session.client.release_session()
            self._session.release_session_on_close = False
            self._session.stop()

    def _stop(self) -> None:
        self._over = True
        with suppress(Exception):
            self._session.interruptAll()

    def _asked(self, work: Any, *given: str) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return work(*given)
        except PySparkException as error:
            if _is_gone(error):
                raise Lost(_reason(error)) from error
            raise Refused(_reason(error), TOO_LONG if self._over else "") from error


def connect(address: Address, timeout_s: int) -> SparkConnection:
    """Open a session; a token stands in the URL (`sc://host:port/;token=...`) or SPARK_CONNECT_AUTHENTICATE_TOKEN."""
    return SparkConnection(address, timeout_s)


def spark_type(name: str) -> str:
    """Spark's name of a type, in words that `readers.sql.kind_of` knows."""
    return "TIMESTAMP WITH TIME ZONE" if name.lower() == "timestamp" else name


def _is_gone(error: PySparkException) -> bool:
    """Whether the server, or the session that it had, is no more."""
    said = str(error)
    by_server = isinstance(error, SparkConnectGrpcException) and any(word in said for word in GONE)
    return by_server or any(words in said for words in STOPPED)


def _reason(error: PySparkException) -> str:
    """The server's words; of a lost connection the detail."""
    said = str(error)
    return said.partition('details = "')[2].partition('"')[0] or said
