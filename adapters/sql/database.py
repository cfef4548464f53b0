"""Reads a database by SQL: in one read-only transaction, off the event loop, bounded in time.

Public. SQLAlchemy and the databases' drivers are extras (`smic-tui[sql]`). Only this package and
`adapters.bacula` import them, and only at the first reading.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from adapters.shared.durations import seconds
from adapters.shared.files import opened
from adapters.shared.paths import path_of
from adapters.sql.errors import failure, not_text, too_slow
from adapters.sql.options import DatabaseOptions
from adapters.sql.other_text import tolerate
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import Unavailable
from smic_tui.i18n import _

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

T = TypeVar("T")

# What the network and a busy machine may add to the server's own time limit.
_SLACK = 5.0
# How long, in seconds, a thread that was interrupted may take to notice.
_PROMPTLY = 2.0
_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}


class Database:
    """One database, read in transactions that cannot write."""

    def __init__(self, options: DatabaseOptions, context: Context) -> None:
        self.options = options
        self._context = context

    def remarks(self) -> tuple[str, ...]:
        """What a person should know about the safety of this connection."""
        host = self.options.host
        if self.options.ca_file or host in ("", "localhost", "::1") or host.startswith("127."):
            return ()
        return (
            _(
                "THE SERVER IS NOT VERIFIED (no ca_file): anyone on the way can stand in for it "
                "and read along."
            ),
        )

    def file_version(self) -> str:
        """Return what identifies the content of a sqlite file; "" if nothing does. Blocks."""
        from adapters.http.documents import version_of_file

        if self.options.brand != "sqlite":
            return ""
        parts = [version_of_file(self._file)]
        # What is in the log of a database in WAL mode is not in the file yet.
        log = self._file.with_name(self._file.name + "-wal")
        if log.exists():
            parts.append(version_of_file(log))
        return "+".join(parts) if all(parts) else ""

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """Connect, and begin a transaction that cannot write. Errors as in `Adapter.fetch`."""
        session = Session(self.options)
        patience = seconds(self.options.connect_timeout) + _SLACK
        try:
            await session.run(self._connected, within=patience)
            yield session
        finally:
            await session.end()

    @property
    def _file(self) -> Path:
        return path_of(self._context.folder, self.options.file)

    def _connected(self, session: Session) -> None:
        secret = self.options.password
        password = self._context.secret(secret) if secret else None
        engine = self._engine(password)
        connection = engine.connect()
        session.opened(connection)
        tolerate(connection, self.options.brand)
        self._make_read_only(connection)

    def _engine(self, password: str | None) -> Engine:
        try:
            from sqlalchemy import URL, create_engine
            from sqlalchemy.pool import NullPool
        except ImportError:
            raise _extra_is_missing("SQLAlchemy") from None
        options = self.options
        arguments: dict[str, Any] = {}
        if options.brand == "sqlite":
            if not self._file.exists():
                raise Unavailable(
                    _("{file} does not exist").format(file=self._file),
                    hint=_("Check `database`; a relative file starts from the configuration's."),
                )
            # SQLite would read a device for ever.
            _examine(self._file)
            url = URL.create(
                "sqlite",
                database=f"file:{quote(str(self._file))}",
                query={"mode": "ro", "uri": "true"},
            )
            arguments = {"timeout": 5, "check_same_thread": False}
        else:
            url = URL.create(
                _DRIVERS[options.brand],
                username=options.user,
                password=password,
                host=options.host or None,
                port=options.parts.port,
                database=options.name,
            )
            arguments = self._arguments()
        try:
            # Looking for hstore costs a question at each connection.
            more = {"use_native_hstore": False} if options.brand == "postgresql" else {}
            return create_engine(url, connect_args=arguments, poolclass=NullPool, **more)
        except ImportError as error:
            raise _extra_is_missing(error.name or str(error)) from None

    def _arguments(self) -> dict[str, Any]:
        options = self.options
        patience = max(1, round(seconds(options.connect_timeout)))
        authority = str(self._context.folder / options.ca_file) if options.ca_file else ""
        if authority:
            _examine(Path(authority))
        if options.brand == "postgresql":
            found: dict[str, Any] = {
                "connect_timeout": patience,
                "application_name": "smic-tui",
                # Also where the server would choose another: all text is read as that.
                "client_encoding": "utf8",
                # Behind a pooler, a prepared statement belongs to another client.
                "prepare_threshold": None,
            }
            if options.socket:
                found["host"] = options.socket
            if authority:
                found |= {"sslmode": "verify-full", "sslrootcert": authority}
            return found
        found = {
            "connect_timeout": patience,
            "read_timeout": patience,  # for the greeting; `_make_read_only` raises it
            "write_timeout": patience,
            "charset": "utf8mb4",
        }
        if options.socket:
            found["unix_socket"] = options.socket
        if authority:
            found["ssl"] = {"ca": authority, "check_hostname": True}
        return found

    def _make_read_only(self, connection: Connection) -> None:
        limit = seconds(self.options.statement_timeout)
        match self.options.brand:
            case "sqlite":
                connection.exec_driver_sql("PRAGMA query_only = ON")
                connection.exec_driver_sql("BEGIN")
            case "postgresql":
                connection.exec_driver_sql(
                    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
                )
                connection.exec_driver_sql(f"SET LOCAL statement_timeout = {limit * 1000:.0f}")
            case "mysql":
                driver: Any = connection.connection.driver_connection
                driver._read_timeout = limit + _SLACK
                if getattr(connection.dialect, "is_mariadb", False):
                    connection.exec_driver_sql(f"SET SESSION max_statement_time = {limit:.3f}")
                else:
                    connection.exec_driver_sql(
                        f"SET SESSION max_execution_time = {limit * 1000:.0f}"
                    )
                connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
                connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")


class Session:
    """One connection with its transaction. All work is done in threads, one at a time."""

    def __init__(self, options: DatabaseOptions) -> None:
        self._options = options
        self._connection: Connection | None = None
        self._cursors: list[Any] = []
        self._task: asyncio.Future[Any] | None = None
        self._given_up = False

    def opened(self, connection: Connection) -> None:
        """Keep the connection, and what it will open. Called in a thread."""
        from sqlalchemy import event

        # SQLAlchemy does not keep the cursor of a statement during which the line broke.
        @event.listens_for(connection, "before_cursor_execute")
        def keep(_connection: Any, cursor: Any, *_what: Any) -> None:
            self._cursors.append(cursor)

        self._connection = connection

    async def call(self, work: Callable[[Connection], T]) -> T:
        """Do work with the connection in a thread."""

        def with_connection(session: Session) -> T:
            assert session._connection is not None
            return work(session._connection)

        return await self.run(
            with_connection, within=seconds(self._options.statement_timeout) + 2 * _SLACK
        )

    async def run(self, work: Callable[[Session], T], *, within: float) -> T:
        """Do work in a thread, and cut it off when it takes too long or the caller is cancelled.

        Raises the contract's errors.
        """
        self._task = task = asyncio.ensure_future(asyncio.to_thread(self._translated, work))
        done: set[Any] = set()
        try:
            done, _pending = await asyncio.wait({task}, timeout=within)
        finally:
            if not done:
                await self._cut_off(task)
        if not done:
            raise too_slow(self._options, within)
        return task.result()

    async def end(self) -> None:
        """End the transaction and the connection."""
        if self._task is not None and self._task.done():
            await asyncio.shield(asyncio.to_thread(self._close))

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if self._given_up or any(_is_unread(cursor) for cursor in self._cursors):
            # An orderly close would wait for a line that is cut, and read an answer to its end.
            with suppress(Exception):
                connection.invalidate()
        for cursor in self._cursors:
            if connection.invalidated:
                _expect_nothing(cursor)
            with suppress(Exception):
                cursor.close()
        self._cursors.clear()
        with suppress(Exception):
            connection.close()

    def _translated(self, work: Callable[[Session], T]) -> T:
        try:
            return work(self)
        except ImportError as error:
            raise _extra_is_missing(error.name or str(error)) from None
        except Exception as error:
            from sqlalchemy.exc import SQLAlchemyError

            if isinstance(error, SQLAlchemyError):
                raise failure(error, self._options) from None
            if isinstance(error, UnicodeDecodeError):
                raise not_text(error, self._options) from None
            raise
        finally:
            if self._given_up:  # nothing else closes it
                self._close()

    async def _cut_off(self, task: asyncio.Future[Any]) -> None:
        """Make the thread give up: nothing waits for its result any more."""
        self._given_up = True
        task.add_done_callback(_looked_at)
        if self._connection is not None:
            await asyncio.to_thread(_interrupt, self._connection)
        await asyncio.wait({task}, timeout=_PROMPTLY)


def _looked_at(task: asyncio.Future[Any]) -> None:
    if not task.cancelled():
        task.exception()


def _interrupt(connection: Connection) -> None:
    """Break off what a connection does in another thread, and close it there."""
    with suppress(Exception):  # it may just have ended
        driver: Any = connection.connection.driver_connection
        if hasattr(driver, "interrupt"):
            driver.interrupt()
            return
        held = driver._sock if hasattr(driver, "_sock") else driver
        with socket.socket(fileno=socket.dup(held.fileno())) as twin:
            # Closing resets the connection: a server that waits to send more notices at once, and
            # not when the last timer of the line has run out, a minute later.
            twin.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            twin.shutdown(socket.SHUT_RDWR)


def _is_unread(cursor: Any) -> bool:
    """Whether PyMySQL would read the rest of an answer when the cursor is closed: all of it."""
    return bool(getattr(getattr(cursor, "_result", None), "unbuffered_active", False))


def _expect_nothing(cursor: Any) -> None:
    """Let a cursor be closed whose connection is gone: PyMySQL would read on all the same."""
    if _is_unread(cursor):
        cursor._result.unbuffered_active = False


def _examine(file: Path) -> None:
    """Raise for what is no regular file, or may not be read: libraries would wait for a pipe."""
    from adapters.http.documents import file_failure

    try:
        os.close(opened(file))
    except OSError as error:
        raise file_failure(file, error) from None


def _extra_is_missing(name: str) -> Unavailable:
    return Unavailable(
        _("{package} is not installed").format(package=name),
        hint=_("Install smic-tui with its extra for databases: pip install 'smic-tui[sql]'."),
    )
