"""Tells which issues a source is about, and refuses answers with any others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from adapters.redmine.issues import Issue, Named
from adapters.redmine.options import RedmineOptions
from smic_tui.contract.errors import AuthFailed, BadAnswer
from smic_tui.i18n import _

if TYPE_CHECKING:
    from adapters.http.session import HttpSession


# Without it Redmine lists active projects only; those that are closed have issues as well.
_ALSO_CLOSED = {"status": "1|5"}


class _Project(Struct):
    id: int
    identifier: str = ""
    parent: Named | None = None


class _OneProject(Struct):
    project: _Project


class _Projects(Struct):
    projects: list[_Project]
    total_count: int


class _Trackers(Struct):
    trackers: list[Named]


class Scope:
    """The selection, resolved to the numbers that issues carry.

    `paths` are the addresses to ask, `params` the filters to send, `projects` the
    projects that are read. The sets are empty where everything is wanted.
    """

    def __init__(
        self,
        paths: tuple[str, ...],
        params: dict[str, str],
        projects: frozenset[int],
        trackers: frozenset[int],
        filters: dict[str, str],
    ) -> None:
        self.paths = paths
        self.params = params
        self.projects = projects
        self._with_below = params.get("subproject_id") == "*"
        self._trackers = trackers
        self._filters = {name: frozenset(value.split("|")) for name, value in filters.items()}

    async def verify(
        self, http: HttpSession, issues: Iterable[Issue], following: int, body: bytes
    ) -> None:
        """Raise `BadAnswer` unless the issues are those that were asked for, in order."""
        last = following - 1
        for issue in issues:
            if self.projects and issue.project.id not in self.projects and self._with_below:
                # It may have been made a moment ago.
                self.projects |= _descendants(await _all_projects(http), set(self.projects))
            ignored = self._ignored(issue)
            if not ignored and issue.id <= last:
                ignored = "sort, issue_id"
            if ignored:
                raise http.bad_answer(
                    _("Redmine ignored the filter {filter}: issue {number} does not obey").format(
                        filter=ignored, number=issue.id
                    ),
                    body,
                    hint=_("Check that what the filter names exists and is marked as a filter."),
                )
            last = issue.id

    def _ignored(self, issue: Issue) -> str:
        if self.projects and issue.project.id not in self.projects:
            return "projects"
        if self._trackers and issue.tracker.id not in self._trackers:
            return "trackers"
        for name, wanted in self._filters.items():
            if not wanted & _values(issue, name):
                return name
        return ""


def _values(issue: Issue, name: str) -> set[str]:
    if name.startswith("cf_"):
        for custom in issue.custom_fields:
            if str(custom.id) == name[3:]:
                value = custom.value
                return {str(part) for part in (value if isinstance(value, list) else [value])}
        return set()
    named: Named | None = getattr(issue, name.removesuffix("_id"))
    return {str(named.id)} if named else set()


async def find_scope(http: HttpSession, config: RedmineOptions) -> Scope:
    """Resolve the names in the settings, and prove the right to what they name.

    Raises `AuthFailed` when the account sees no project at all, or (Redmine's
    403) not one that is named, and `BadAnswer` when a name leads nowhere.
    """
    params = dict(config.filters)
    projects: frozenset[int] = frozenset()
    if config.projects:
        named = [await _project(http, identifier) for identifier in config.projects]
        wanted = frozenset(project.id for project in named)
        if config.subprojects:
            all_projects = await _all_projects(http)
            wanted = _descendants(all_projects, set(wanted))
            # What lies below another one that is named comes with that one.
            named = [
                each
                for each in named
                if not any(
                    each.id in _descendants(all_projects, {other.id})
                    for other in named
                    if other.id != each.id
                )
            ]
        paths = tuple(f"/projects/{each.identifier}/issues.json" for each in named)
        params["subproject_id"] = "*" if config.subprojects else "!*"
        projects = wanted
    else:
        paths = ("/issues.json",)
        if not (
            await http.json(
                _Projects, "GET", "/projects.json", params={**_ALSO_CLOSED, "limit": "1"}
            )
        ).projects:
            raise AuthFailed(
                _("The Redmine account sees no project"),
                hint=_("Make it a member of the projects, with a role that may view issues."),
            )
    trackers = await _tracker_ids(http, config.trackers)
    if trackers:
        params["tracker_id"] = "|".join(str(id) for id in sorted(trackers))
    return Scope(paths, params, projects, trackers, config.filters)


async def _project(http: HttpSession, identifier: str) -> _Project:
    path = f"/projects/{identifier}.json"
    answer = await http.request("GET", path, expect=(200, 404))
    if answer.status == 404:
        raise BadAnswer(
            _("Redmine has no project {identifier}").format(identifier=identifier),
            hint=_("`projects` names identifiers, as in the project's address."),
        )
    return (await http.decode(_OneProject, answer)).project


async def _all_projects(http: HttpSession) -> list[_Project]:
    found: list[_Project] = []
    while True:
        params = {**_ALSO_CLOSED, "limit": "100", "offset": str(len(found))}
        page = await http.json(_Projects, "GET", "/projects.json", params=params)
        found += page.projects
        if not page.projects or len(found) >= page.total_count:
            return found


def _descendants(projects: list[_Project], roots: set[int]) -> frozenset[int]:
    below = set(roots)
    while True:
        more = {p.id for p in projects if p.parent and p.parent.id in below} - below
        if not more:
            return frozenset(below)
        below |= more


async def _tracker_ids(http: HttpSession, names: tuple[str, ...]) -> frozenset[int]:
    if not names:
        return frozenset()
    trackers = (await http.json(_Trackers, "GET", "/trackers.json")).trackers
    known = {tracker.name.casefold(): tracker.id for tracker in trackers}
    unknown = [name for name in names if name.casefold() not in known]
    if unknown:
        raise BadAnswer(
            _("Redmine has no tracker {names}").format(names=", ".join(unknown)),
            hint=_("`trackers` may name: {known}").format(
                known=", ".join(tracker.name for tracker in trackers)
            ),
        )
    return frozenset(known[name.casefold()] for name in names)
