"""Chooses which of GLPI's two APIs to speak: by what the server has and which account is set."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from adapters.glpi.api import GlpiApi
from adapters.glpi.apirest import Apirest
from adapters.glpi.highlevel import HighLevel
from adapters.glpi.oauth import DISABLED, PATH
from adapters.glpi.options import GlpiOptions
from adapters.glpi.pages import ask
from adapters.shared.json_text import decode_json
from smic_tui.contract.errors import AuthFailed, BadAnswer
from smic_tui.contract.secret import Secret
from smic_tui.i18n import _

if TYPE_CHECKING:
    from adapters.http.session import HttpSession

_ANYTHING = (200, 400, 401, 403, 404, 405, 410)


class _Home(Struct):
    """The public front page of the high-level API, or why it is not shown."""

    api_versions: list[Any] = []
    status: str | int = ""
    title: str = ""
    detail: Any = None


async def choose(
    http: HttpSession, options: GlpiOptions, secret: Callable[[Secret], str], zone_name: str
) -> GlpiApi:
    """Ask the server whether it is a GLPI 11, and return an API that the account can speak."""
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(zone_name)
    modern, enabled = await _apis_of(http)
    if modern and enabled and options.client_id:
        return HighLevel(http, options, secret, zone)
    if modern and options.client_id and options.user_token is None:
        raise AuthFailed(
            _("GLPI's high-level API is disabled"),
            hint=_("Enable the API: Setup, General, API."),
        )
    return Apirest(http, options, secret, zone, escaped=not modern)


async def _apis_of(http: HttpSession) -> tuple[bool, bool]:
    """Tell whether this is a GLPI 11, and whether its high-level API is enabled."""
    try:
        answer = await ask(http, "GET", PATH + "/", expect=_ANYTHING)
    except (AuthFailed, BadAnswer):
        # GLPI 10 has no such address: a web page, perhaps a redirect to one.
        return False, False
    try:
        home = decode_json(answer.body, _Home)
    except msgspec.DecodeError:
        return False, False
    if home.api_versions:
        return True, True
    told_why = f"{home.title} {home.detail}".casefold()
    return (True, False) if DISABLED in told_why else (False, False)
