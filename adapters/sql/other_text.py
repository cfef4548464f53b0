"""Reads text that is not in UTF-8, as databases give it that check no text.

PostgreSQL checks none of a database in SQL_ASCII, which Bacula's own script makes, and sqlite none
at all. What does not fit stays visible as U+FFFD. MySQL and MariaDB turn all text into the
connection's encoding themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection

_UNCHECKED = "SQL_ASCII"
# Every byte is a character of it: the server passes all bytes on, and the driver can turn any
# text that it decoded into these bytes again.
_BYTES, _BYTES_IN_PYTHON = "LATIN1", "iso8859-1"


def tolerate(connection: Connection, brand: str) -> None:
    """Let a connection just made give text of any encoding. Blocks."""
    driver: Any = connection.connection.driver_connection
    if brand == "sqlite":
        driver.text_factory = _as_text
    elif brand == "postgresql" and driver.info.parameter_status("server_encoding") == _UNCHECKED:
        _tolerate_unchecked(connection, driver)


def names_of(names: list[str], connection: Connection) -> list[str]:
    """Return the names of the columns of an answer."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name != "postgresql" or driver.info.encoding != _BYTES_IN_PYTHON:
        return names
    return [_as_text(name.encode(_BYTES_IN_PYTHON)) for name in names]


def _tolerate_unchecked(connection: Connection, driver: Any) -> None:
    from psycopg.adapt import Dumper, Loader
    from sqlalchemy import event

    class AnyText(Loader):
        def load(self, data: Any) -> str:
            return _as_text(bytes(data))

    class Utf8(Dumper):
        def dump(self, obj: str) -> bytes:
            return obj.encode()

    # In UTF-8, as it is asked for elsewhere, the server would refuse all other bytes.
    driver.execute(f"SET client_encoding = {_BYTES}")
    for name in ("text", "varchar", "bpchar", "name"):
        driver.adapters.register_loader(name, AnyText)
    driver.adapters.register_dumper(str, Utf8)

    @event.listens_for(connection, "before_cursor_execute", retval=True)
    def in_utf8(
        _connection: Any, _cursor: Any, statement: Any, parameters: Any, *_what: Any
    ) -> tuple[Any, Any]:
        return statement.encode() if isinstance(statement, str) else statement, parameters


def _as_text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
