"""Turns apirest.php's errors into the contract's: `["ERROR_CODE", "text in some language"]`."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import msgspec

from adapters.shared.json_text import decode_json
from smic_tui.contract.errors import AuthFailed, SourceError, Unavailable
from smic_tui.i18n import N_, _

if TYPE_CHECKING:
    from adapters.http.session import Answer, HttpSession

SESSION_DEAD = frozenset({"ERROR_SESSION_TOKEN_INVALID", "ERROR_SESSION_TOKEN_MISSING"})
BEYOND = "ERROR_RANGE_EXCEED_TOTAL"
NO_RIGHT = "ERROR_RIGHT_MISSING"
NOT_FOUND = "ERROR_ITEM_NOT_FOUND"


class RightMissing(AuthFailed):
    """The account is known, and its profile lacks a right."""


_REFUSED = {
    "ERROR_GLPI_LOGIN_USER_TOKEN": N_(
        "Correct `user_token`: the account's settings in GLPI show its API token."
    ),
    "ERROR_GLPI_LOGIN": N_("Correct `login` and `password`."),
    "ERROR_LOGIN_PARAMETERS_MISSING": N_(
        "The server drops the Authorization header: see the chapter on it in GLPI's apirest.md."
    ),
    "ERROR_LOGIN_WITH_CREDENTIALS_DISABLED": N_(
        "Use `user_token`, or allow logging in with credentials (Setup, General, API)."
    ),
    "ERROR_WRONG_APP_TOKEN_PARAMETER": N_(
        "Correct `app_token`: Setup, General, API shows that of the API client."
    ),
    "ERROR_APP_TOKEN_PARAMETERS_MISSING": N_("Give `app_token`: the API client has one."),
    "ERROR_NOT_ALLOWED_IP": N_(
        "Add this machine's address to an active API client (Setup, General, API)."
    ),
    NO_RIGHT: N_("The account's profile lacks a right: see docs/sources/glpi.md."),
}


def error_of(answer: Answer) -> tuple[str, str]:
    """Return code and text of an error, two empty texts if the answer is none.

    A success is never a list that begins with a text that begins with ERROR.
    """
    if answer.status in (200, 201, 206):
        return "", ""
    try:
        parts = decode_json(answer.body, list[msgspec.Raw])
        code = decode_json(parts[0], str)
    except (msgspec.DecodeError, IndexError):
        return f"HTTP {answer.status}", ""
    try:
        text = decode_json(parts[1], str) if len(parts) > 1 else ""
    except msgspec.DecodeError:
        text = ""
    # The text ends with the address of GLPI's documentation, which helps no reader here.
    return code, html.unescape(text).partition("; ")[0]


def failure_of(http: HttpSession, answer: Answer, code: str, text: str) -> SourceError:
    """Return the error that an unexpected code stands for."""
    said = _("GLPI answered “{text}” ({code})").format(code=code, text=text or "–")
    if code in SESSION_DEAD:
        return AuthFailed(
            _("GLPI does not accept the session that it has just opened ({code})").format(
                code=code
            ),
            hint=_("Several web servers behind one address must share their PHP sessions."),
        )
    if code == NO_RIGHT:
        return RightMissing(http.bad_answer(said).message, hint=_(_REFUSED[code]))
    if code in _REFUSED:
        return AuthFailed(http.bad_answer(said).message, hint=_(_REFUSED[code]))
    if answer.status in (401, 403):
        return AuthFailed(
            http.bad_answer(said).message,
            hint=_("The web server before GLPI lets nobody pass: see its configuration."),
        )
    if code == "ERROR_SQL":
        return Unavailable(said)
    return http.bad_answer(
        said, answer.body, hint=_("Is `url` the GLPI's, and its REST API switched on?")
    )
