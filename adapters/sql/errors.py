"""Turns a database's errors into the contract's three errors.

The codes that the databases define tell them apart: SQLSTATE classes (PostgreSQL's documentation,
appendix A), MySQL's and MariaDB's error numbers, sqlite's result codes. Where libpq passes no code
on, PostgreSQL's own whole messages tell, and never a single word: a name may contain it.
"""

from __future__ import annotations

import re
import ssl
from typing import TYPE_CHECKING

from adapters.sql.options import DatabaseOptions
from smic_tui.contract.errors import AuthFailed, BadAnswer, SourceError, Unavailable
from smic_tui.i18n import _

if TYPE_CHECKING:
    from sqlalchemy.exc import SQLAlchemyError

_AUTH, _STATEMENT, _WRITES, _SLOW, _DAMAGED = "auth", "statement", "writes", "slow", "damaged"

_MYSQL = {
    **dict.fromkeys((1044, 1045, 1142, 1143, 1227, 1370, 1698, 3118, 4151), _AUTH),
    **dict.fromkeys((1049, 1054, 1064, 1146, 1305, 1176), _STATEMENT),
    **dict.fromkeys((1290, 1792), _WRITES),
    **dict.fromkeys((1317, 1969, 3024), _SLOW),
}
_SQLITE = {1: _STATEMENT, 3: _AUTH, 8: _WRITES, 9: _SLOW, 11: _DAMAGED, 23: _AUTH, 26: _DAMAGED}
_FATAL = "FATAL:"
# What PostgreSQL says when it refuses an account (auth.c, miscinit.c), in English and in French:
# the server speaks its own language, and libpq passes no code on.
_NOT_LET_IN = re.compile(
    "|".join(
        (
            r'\S+ authentication failed for user ".*',
            r'role ".*" (?:does not exist|is not permitted to log in)',
            r"empty password returned by client",
            r"authentification \S.* échouée.*",
            r"(?:le )?rôle «.*» n['’](?:existe pas|est pas autorisé à se connecter)",
            # In any language: clients hear of this file only when it refuses them.
            r'[^"«]*\bpg_hba\.conf\b.*',
        )
    )
)
# What libpq says of certificates and encryption (fe-secure*.c); PyMySQL keeps Python's error.
_TLS_FAILED = re.compile(
    r"SSL error: |server certificate for |(?:could not read )?root certificate file "
    r"|server does not support SSL"
)


def failure(error: SQLAlchemyError, options: DatabaseOptions) -> SourceError:
    """Return what an error of the database means."""
    origin = getattr(error, "orig", None) or error
    said = _("{database}: {said}").format(database=options.shown, said=_words(origin))
    match _meaning(origin, options):
        case "auth":
            return AuthFailed(
                said, hint=_("Check the account, its `password` and its right to SELECT.")
            )
        case "statement":
            return BadAnswer(
                said, hint=_("Check `database` and the statement against the database.")
            )
        case "writes":
            return BadAnswer(said, hint=_("Only statements that read are allowed."))
        case "slow":
            return Unavailable(
                said, hint=_("If the statement needs so long, raise `statement_timeout`.")
            )
        case "damaged":
            return BadAnswer(said, hint=_("The file is damaged, or no sqlite database."))
        case _ if options.ca_file and _is_tls_failure(origin):
            return Unavailable(
                said, hint=_("Check `ca_file`, and the name in the server's certificate.")
            )
        case _:
            return Unavailable(said)


def not_text(error: UnicodeDecodeError, options: DatabaseOptions) -> BadAnswer:
    """Return the error of text that the driver cannot decode."""
    return BadAnswer(
        _("{database}: text came that is not in UTF-8: {reason}").format(
            database=options.shown, reason=error.reason
        ),
        hint=_("Convert the column in the statement, e.g. CONVERT(name USING utf8mb4)."),
        excerpt=bytes(error.object)[max(error.start - 40, 0) : error.start + 40],
    )


def too_slow(options: DatabaseOptions, limit: float) -> Unavailable:
    """Return the error of a database that did not answer in time."""
    return Unavailable(
        _("{database} did not answer within {seconds:g} seconds").format(
            database=options.shown, seconds=limit
        ),
        hint=_("If the statement needs so long, raise `statement_timeout`."),
    )


def _words(origin: BaseException) -> str:
    """Return what was said, on one line, without the statement."""
    text = str(origin)
    if len(origin.args) > 1 and isinstance(origin.args[0], int):
        text = f"{origin.args[1]} ({origin.args[0]})"
    _before, fatal, after = text.rpartition(_FATAL)
    return " ".join((after if fatal else text).split())[:300] or type(origin).__name__


def _is_tls_failure(origin: BaseException) -> bool:
    if isinstance(getattr(origin, "original_exception", None), ssl.SSLError):
        return True
    return any(_TLS_FAILED.search(line) for line in str(origin).splitlines())


def _meaning(origin: BaseException, options: DatabaseOptions) -> str:
    if options.brand == "sqlite":
        return _SQLITE.get(getattr(origin, "sqlite_errorcode", 0) & 0xFF, "")
    if options.brand == "mysql":
        return _MYSQL.get(origin.args[0] if origin.args else 0, "")
    state = getattr(origin, "sqlstate", None)
    if state is None:
        _before, fatal, said = str(origin).rpartition(_FATAL)
        return _AUTH if fatal and _NOT_LET_IN.fullmatch(" ".join(said.split())) else ""
    if state[:2] == "28" or state == "42501":
        return _AUTH
    if state == "25006":
        return _WRITES
    if state == "57014":
        return _SLOW
    return _STATEMENT if state[:2] in ("22", "3D", "3F", "42", "0A") else ""
