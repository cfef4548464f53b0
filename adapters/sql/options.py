"""The settings of the kinds that read a database by SQL. Public.

Every load of a configuration imports this module, so it does not import SQLAlchemy.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from msgspec import Meta, Struct

from adapters.shared.durations import Duration
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _

Brand = Literal["sqlite", "postgresql", "mysql"]

_BRANDS: dict[str, Brand] = {
    "sqlite": "sqlite",
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
}
_SOCKETS: dict[Brand, str] = {"postgresql": "host", "mysql": "unix_socket"}
# What is no code, by dialect: what one takes for a string or a comment may be code for another.
_QUOTED = r"`[^`]*`|/\*.*?\*/"
_DOLLAR = r"\$(?P<tag>\w*)\$.*?\$(?P=tag)\$"
_ASIDE: dict[Brand | None, str] = {
    None: r"'(?:[^'\\]|''|\\.)*'|\"(?:[^\"]|\"\")*\"|\[[^\]]*\]|--[^\n]*|" + f"{_QUOTED}|{_DOLLAR}",
    "sqlite": r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\[[^\]]*\]|--[^\n]*|" + _QUOTED,
    # Comments may be nested: one that has another in it is read as code, which is stricter.
    "postgresql": r"\b[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|"
    + r"/\*(?:(?!/\*).)*?\*/|"
    + _DOLLAR,
    "mysql": r"'(?:[^'\\]|''|\\.)*'|\"(?:[^\"\\]|\"\"|\\.)*\"|--(?=\s|$)[^\n]*|\#[^\n]*|" + _QUOTED,
}
_TOKENS = {
    brand: re.compile(
        rf"(?P<aside>{aside})|(?P<end>;)|(?P<member>\.\s*\w+)|(?P<word>\w+)|(?P<open>\()",
        re.DOTALL,
    )
    for brand, aside in _ASIDE.items()
}
# MySQL and MariaDB execute what stands in these.
_EXECUTED = ("/*!", "/*M!")
_BEGINNINGS = ("select", "with", "values")
_WRITES = ("insert", "update", "delete", "merge", "into")
_AFTER_FOR = ("update", "share", "no", "key")


class DatabaseOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which database, and as whom."""

    database: Annotated[
        str,
        Meta(
            description="Address without password: postgresql://USER@HOST/NAME, "
            "mysql://USER@HOST/NAME, or sqlite:///FILE (sqlite:////FILE for an absolute path). "
            "By a socket: postgresql://USER@/NAME?host=/run/postgresql, "
            "mysql://USER@/NAME?unix_socket=/run/mysqld/mysqld.sock."
        ),
    ]
    password: Annotated[Secret | None, Meta(description="The account's password.")] = None
    ca_file: Annotated[
        str,
        Meta(
            description="PEM file of the authority that signed the server's certificate. With it "
            "the connection is encrypted and the server's name is verified."
        ),
    ] = ""
    connect_timeout: Annotated[
        Duration, Meta(description="How long the server may take to let us in.")
    ] = "10s"
    statement_timeout: Annotated[
        Duration, Meta(description="How long one statement may take; the server gives up then.")
    ] = "60s"
    max_rows: Annotated[
        int, Meta(description="How many rows a statement may bring at most.", ge=1)
    ] = 500_000

    def __post_init__(self) -> None:
        """Refuse addresses that cannot be used; msgspec reports the ValueError."""
        try:
            parts = self.parts
            port = parts.port
        except ValueError:
            raise ValueError(_("database: not an address")) from None
        # The value itself is not shown: it may hold a password.
        if parts.scheme not in _BRANDS:
            raise ValueError(_("database: sqlite:///…, postgresql://… or mysql://… is expected"))
        if parts.password is not None:
            raise ValueError(
                _('database: the password must not stand in it: password = { file = "…" }')
            )
        if self.brand == "sqlite":
            if parts.netloc or not self.file or "\0" in self.file or parts.query:
                raise ValueError(_("database: sqlite:///FILE is expected"))
            if self.password:
                raise ValueError(_("password: a sqlite file has none"))
            return
        if not self.name or not parts.username:
            raise ValueError(_("database: a user and the name of the database are expected"))
        if not self.host and not self.socket:
            raise ValueError(_("database: a host, or the path of a socket, is expected"))
        if port is not None and self.socket:
            raise ValueError(_("database: a port and a socket exclude each other"))
        unknown = set(dict(parse_qsl(parts.query))) - {_SOCKETS[self.brand]}
        if unknown:
            raise ValueError(
                _("database: {names} is not known after the question mark").format(
                    names=", ".join(sorted(unknown))
                )
            )

    @property
    def parts(self) -> SplitResult:
        """The address taken apart."""
        return urlsplit(self.database)

    @property
    def brand(self) -> Brand:
        """Whose dialect the database speaks; MariaDB's is MySQL's."""
        return _BRANDS[self.parts.scheme]

    @property
    def file(self) -> str:
        """The file of a sqlite database."""
        return unquote(self.parts.path.removeprefix("/"))

    @property
    def name(self) -> str:
        """The name of the database on its server."""
        return unquote(self.parts.path.strip("/"))

    @property
    def user(self) -> str:
        """The account."""
        return unquote(self.parts.username or "")

    @property
    def host(self) -> str:
        """The server; empty if it is reached by a socket."""
        return self.parts.hostname or ""

    @property
    def socket(self) -> str:
        """The path of the server's socket, or of its folder."""
        if self.brand == "sqlite":
            return ""
        return dict(parse_qsl(self.parts.query)).get(_SOCKETS[self.brand], "")

    @property
    def shown(self) -> str:
        """How messages call the database."""
        if self.brand == "sqlite":
            return self.file
        return f"{self.name}@{self.parts.netloc.rpartition('@')[2] or self.socket}"


def single_select(statement: str, brand: Brand | None = None) -> str:
    """Return a statement that reads, without its final semicolon; others raise `ValueError`.

    It is read as `brand` reads it; None where that is not known yet.

    This prevents accidents. Only the read-only transaction and the rights of the account
    guarantee that nothing is written.
    """
    words: list[str] = []
    end = len(statement)
    for token in _TOKENS[brand].finditer(statement):
        if token[0].startswith(_EXECUTED):
            raise ValueError(_("a comment that MySQL executes is not allowed"))
        if token["aside"] is not None or token["member"] is not None:
            if end < len(statement) and not token[0].startswith(("--", "/*", "#")):
                words.append(";")
            continue
        if end < len(statement):
            words.append(";")
        elif token["end"]:
            end = token.start()
        elif token["word"]:
            words.append(token["word"].lower())
    if ";" in words:
        raise ValueError(_("one statement is expected, not several"))
    if not words or words[0] not in _BEGINNINGS:
        raise ValueError(_("a statement that begins with SELECT or WITH is expected"))
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word in _WRITES:
            raise ValueError(
                _("{word} may write: only SELECT is allowed").format(word=word.upper())
            )
        if word == "for" and following in _AFTER_FOR:
            raise ValueError(
                _("{word} may write: only SELECT is allowed").format(word="FOR UPDATE")
            )
    return statement[:end].strip()
