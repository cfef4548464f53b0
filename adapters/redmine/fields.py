"""Looks whether Redmine has the fields that the settings name.

Only an administrator may ask Redmine which custom fields there are. Issues show those
of their project and tracker that the account may see, empty ones too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.redmine.issues import REFERENCES, Issue, Page, decode
from adapters.redmine.options import RedmineOptions
from adapters.redmine.scope import Scope
from smic_tui.i18n import _

if TYPE_CHECKING:
    from adapters.http.session import HttpSession

# How many issues of each project are read.
_SAMPLE = 100
_FOR_BOTH = ("site_field", "requester_field")
_FOR = {
    "tickets": (*_FOR_BOTH, "supplier_field"),
    "requests": (*_FOR_BOTH, "software_field", "member_field"),
}


async def missing_fields(http: HttpSession, config: RedmineOptions, scope: Scope) -> list[str]:
    """Return a remark for each named custom field that none of the newest issues has."""
    wanted = [
        (key, name)
        for key in _FOR[config.as_]
        if (name := getattr(config, key)) and name not in REFERENCES
    ]
    if not wanted:
        return []
    issues: list[Issue] = []
    for path in scope.paths:
        params = {**scope.params, "status_id": "*", "sort": "id:desc", "limit": str(_SAMPLE)}
        page = await http.json(Page, "GET", path, params=params)
        issues += decode(page.issues)[0]
    if not issues:  # nothing can be said of them
        return []
    known = {custom.name: str(custom.id) for issue in issues for custom in issue.custom_fields}
    return [
        _(
            "None of the newest {count} issues has the field '{name}' of `{key}`; "
            "they have: {known}."
        ).format(
            count=len(issues), name=name, key=key, known=", ".join(known) or _("no custom field")
        )
        for key, name in wanted
        if name not in known and name not in known.values()
    ]
