"""What the account may do and see, by its roles in each project.

Redmine answers an account whose role was narrowed to its own issues as if there were no others.
The roles tell (`issues_visibility` of /roles/N.json), and the memberships in which projects. Both
are asked with each reading, on condition that they have changed: an answer of a few bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct

from adapters.redmine.issues import Named
from smic_tui.contract.actions import Verb
from smic_tui.contract.errors import BadAnswer
from smic_tui.contract.view import Sight
from smic_tui.i18n import _
from smic_tui.records import Stream

if TYPE_CHECKING:
    from adapters.http.messages import Validators
    from adapters.http.session import HttpSession

_EDITING = frozenset({"edit_issues", "edit_own_issues"})
_NOTING = "add_issue_notes"
_VIEWING = "view_issues"
# How much of a project's issues a role shows, in Redmine's words.
_EXTENTS = {"own": 1, "default": 2, "all": 3}
_NONE, _ALL = 0, 3

T = TypeVar("T")


class Membership(Struct):
    """The roles of the account in one project."""

    project: Named
    roles: list[Named] = []


class User(Struct):
    """The account. The answer also has its API key, which is not kept."""

    login: str = ""
    admin: bool = False
    id: int = 0
    memberships: list[Membership] = []


class _CurrentUser(Struct):
    user: User


class Role(Struct):
    """A role. Before Redmine 2.6 it does not tell how many issues it shows."""

    permissions: list[str] = []
    issues_visibility: str = "all"


class _OneRole(Struct):
    role: Role


class Account:
    """Asks who the account is and what its roles say, and remembers the answers.

    `user` and `roles` are as last read.
    """

    def __init__(self) -> None:
        self.user = User()
        self.roles: dict[int, Role] = {}
        self._remembered: dict[str, tuple[Validators, Any]] = {}

    async def read(self, http: HttpSession) -> User:
        """Read the account and its roles. The answer carries the API key: it reaches no message."""
        path = "/users/current.json"
        try:
            found = await self._ask(http, path, _CurrentUser, {"include": "memberships"})
        except BadAnswer as error:
            raise BadAnswer(
                error.message,
                hint=error.hint or _("Is the REST API switched on, and `url` the Redmine's?"),
            ) from None
        self.user = found.user if found is not None else User()
        roles = {role.id for membership in self.user.memberships for role in membership.roles}
        self.roles = {} if self.user.admin else await self._roles(http, roles)
        return self.user

    def capabilities(self, stream: Stream) -> Mapping[Stream, frozenset[Verb]]:
        """Return what the account may do, by the permissions of its roles in any project.

        The workflow, which says who may set which status, shows with each issue only.
        """
        permissions: set[str] = {*_EDITING, _NOTING} if self.user.admin else set()
        for role in self.roles.values():
            permissions.update(role.permissions)
        verbs: set[Verb] = set()
        if _NOTING in permissions:
            verbs.add(Verb.COMMENT)
        if permissions & _EDITING:
            verbs |= {Verb.ASSIGN, Verb.RESOLVE}
            verbs.add(Verb.SET_STATUS if stream is Stream.TICKETS else Verb.SET_STAGE)
        return {stream: frozenset(verbs)} if verbs else {}

    def view(self, projects: Collection[int]) -> tuple[Sight, ...]:
        """Return what the account sees of each project that is read; of all if `projects` is empty.

        An administrator sees everything, of which there is no list to compare.
        """
        return tuple(
            self._sight(membership)
            for membership in self.user.memberships
            if not projects or membership.project.id in projects
        )

    def _sight(self, membership: Membership) -> Sight:
        extent, told = self._extent(membership)
        return Sight(membership.project.name, extent, told, str(membership.project.id))

    def _extent(self, membership: Membership) -> tuple[int, str]:
        """Return how much of a project's issues the account sees, and Redmine's word for it."""
        if self.user.admin:
            return _ALL, "all"
        extent, told = _NONE, "-"
        for named in membership.roles:
            role = self.roles.get(named.id)
            if role is None:
                # What cannot be asked is not known to be less.
                return _ALL, ""
            seen = _EXTENTS.get(role.issues_visibility, _ALL) if _VIEWING in role.permissions else 0
            if seen > extent:
                extent, told = seen, role.issues_visibility
        return extent, told

    async def _roles(self, http: HttpSession, wanted: set[int]) -> dict[int, Role]:
        found: dict[int, Role] = {}
        for id in sorted(wanted):
            # What cannot be asked is not known to be allowed; reading goes on all the same.
            answered = await self._ask(http, f"/roles/{id}.json", _OneRole, may_fail=True)
            if answered is not None:
                found[id] = answered.role
        return found

    async def _ask(
        self,
        http: HttpSession,
        path: str,
        type_: type[T],
        params: Mapping[str, str] | None = None,
        *,
        may_fail: bool = False,
    ) -> T | None:
        validators, known = self._remembered.get(path, (None, None))
        expect = (200, 403, 404) if may_fail else (200,)
        answer = await http.request("GET", path, params=params, unless=validators, expect=expect)
        if answer.not_modified:
            return known
        if answer.status != 200:
            self._remembered.pop(path, None)
            return None
        decoded = await http.decode(type_, answer)
        if answer.validators:
            self._remembered[path] = (answer.validators, decoded)
        return decoded
