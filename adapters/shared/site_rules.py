"""Tells which site a monitored host or a backup is of, by a regular expression on its name."""

from __future__ import annotations

import re

from smic_tui.i18n import _


def check_pattern(rule: str, *, invalid: str = "", without_group: str = "") -> None:
    """Raise `ValueError` for what is no regular expression with a group (?P<site>…).

    Public. `invalid` and `without_group` replace the two texts; they may have the places {reason}
    and {rule}.
    """
    try:
        groups = re.compile(rule).groupindex
    except re.error as error:
        text = invalid or _("site is no regular expression: {reason}")
        raise ValueError(text.format(reason=error)) from error
    if "site" not in groups:
        text = without_group or _(
            "site is a regular expression without a group (?P<site>…): {rule}"
        )
        # Not by `format`: a text of the caller's may have braces of its own.
        raise ValueError(text.replace("{rule}", rule))


def site_in(rule: str, name: str) -> str:
    """Return the site that a regular expression finds in a name; "" if it finds none. Public."""
    found = re.search(rule, name)
    return (found["site"] or "") if found else ""
