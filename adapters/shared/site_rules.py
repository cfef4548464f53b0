"""Which site a monitored host stands for, told by a regular expression on its name."""

from __future__ import annotations

import re

from smic_tui.i18n import _


def check_pattern(rule: str) -> None:
    """Refuse what is no regular expression with a group (?P<site>…); raises ValueError."""
    try:
        groups = re.compile(rule).groupindex
    except re.error as error:
        raise ValueError(
            _("site is no regular expression: {reason}").format(reason=error)
        ) from error
    if "site" not in groups:
        raise ValueError(
            _("site is a regular expression without a group (?P<site>…): {rule}").format(rule=rule)
        )


def site_in(rule: str, name: str) -> str:
    """Return the site in a name, or nothing."""
    found = re.search(rule, name)
    return (found["site"] or "") if found else ""
