"""A Redmine REST API that answers as version 5.0.4 was seen to answer."""

from __future__ import annotations

import hashlib
import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fakes.misbehaving import Reply, Request, json_reply

CAP = 100
STATUSES = {
    1: ("Nouveau", False),
    2: ("En cours", False),
    3: ("Résolu", False),
    4: ("Commentaire", False),
    5: ("Fermé", True),
    6: ("Rejeté", True),
    7: ("En attente fournisseur", False),
    8: ("Groupe de travail", False),
    9: ("Installation", False),
}
PRIORITIES = {1: "Bas", 2: "Normal", 3: "Haut", 4: "Urgent", 5: "Immédiat"}
TRACKERS = {1: "Anomalie", 2: "Evolution", 3: "Assistance"}
CUSTOM = {1: "Code INSEE", 2: "Logiciel"}
ROLES = {
    1: ("Lecture seule", ["view_issues"]),
    2: ("Agent", ["view_issues", "edit_issues", "add_issue_notes", "view_members"]),
    3: ("Notes", ["view_issues", "add_issue_notes"]),
    4: ("Sans notes", ["view_issues", "edit_issues"]),
}


class FakeRedmine:
    """Projects, issues and accounts; call it with a request to get the answer.

    `accounts` maps an API key to a login and the projects that it sees.
    `ignores` are filters that it does not know, and so ignores.
    """

    def __init__(self) -> None:
        self.enabled = True
        everything = {"assistance", "catalogue", "astreinte"}
        self.accounts: dict[str, tuple[str, set[str]]] = {
            "a-key": ("lecture", everything),
            "lone": ("ailleurs", set()),
            "agent-key": ("agent1", everything),
            "notes-key": ("notes", everything),
            "edit-key": ("edit", everything),
        }
        self.roles = {"lecture": 1, "agent1": 2, "notes": 3, "edit": 4}
        self.people = {"lecture": 6, "agent1": 9, "agent2": 10, "notes": 11, "edit": 12}
        self.names = {9: "Agent Un", 10: "Agent Deux"}
        # Statuses that the workflow leads to; everything by default.
        self.workflow = set(STATUSES)
        self.journals: dict[int, list[dict[str, Any]]] = {}
        self._journal = 0
        self._lock = threading.Lock()
        self.admins: set[str] = set()
        self.projects: dict[str, tuple[int, int | None]] = {
            "assistance": (1, None),
            "catalogue": (2, None),
            "astreinte": (3, 1),
        }
        self.issues: dict[int, dict[str, Any]] = {}
        # Closed projects are listed only where `status` asks for them; their issues are shown.
        self.closed_projects: set[str] = set()
        # How many issues a role shows: all, default or own.
        self.visibility: dict[int, str] = {}
        # What numbers in custom fields stand for: field and number to a text.
        self.shown: dict[tuple[int, str], str] = {}
        self.gives_csv = True
        self.ignores: set[str] = set()
        self.tells_closed = True
        self.cap = CAP

    def add(self, project: str = "assistance", status: int = 1, **fields: Any) -> dict[str, Any]:
        """Add an issue; `updated` and `closed` may be given as datetimes."""
        number = max(self.issues, default=0) + 1
        updated = fields.pop("updated", datetime.now(UTC) - timedelta(hours=1))
        closed = fields.pop("closed", updated if STATUSES[status][1] else None)
        cf = {1: str(17000 + number), 2: "Berger-Levrault"} | fields.pop("custom", {})
        self.issues[number] = {
            "id": number,
            "project": self._project(project),
            "tracker": {"id": 3, "name": "Assistance"},
            "status": status,
            "priority": {"id": 2, "name": "Normal"},
            "author": {"id": 9, "name": "Agent Deux"},
            "subject": f"Imprimante {number} muette",
            "description": None,
            "start_date": None,
            "due_date": None,
            "done_ratio": 0,
            "is_private": False,
            "estimated_hours": None,
            "custom_fields": [
                {"id": id, "name": CUSTOM[id], "value": value} for id, value in cf.items()
            ],
            "created_on": _text(updated - timedelta(days=1)),
            "updated_on": _text(updated),
            "closed_on": _text(closed) if closed else None,
            **fields,
        }
        return self.issues[number]

    def set_status(self, number: int, status: int, at: datetime | None = None) -> None:
        at = at or datetime.now(UTC)
        closed = _text(at) if STATUSES[status][1] else None
        self.issues[number] |= {"status": status, "updated_on": _text(at), "closed_on": closed}

    def __call__(self, request: Request) -> Reply:
        key = request.headers.get("x-redmine-api-key", "")
        login, sees = self.accounts.get(key, ("", set())) if self.enabled else ("", set())
        path = request.path
        if path == "/users/current.json":
            if not login:
                return Reply(401, headers={"WWW-Authenticate": 'Basic realm="Redmine API"'})
            user = {
                "id": self.people.get(login, 8),
                "login": login,
                "admin": login in self.admins,
                "api_key": key,
            }
            if request.query.get("include") == "memberships" and login in self.roles:
                role = {"id": self.roles[login], "name": ROLES[self.roles[login]][0]}
                user["memberships"] = [
                    {"id": 1, "project": self._project(name), "roles": [role]}
                    for name in sorted(sees)
                ]
            return json_reply({"user": user})
        if path.startswith("/roles/"):
            number = int(path.removeprefix("/roles/").removesuffix(".json"))
            name, permissions = ROLES[number]
            role = {"name": name, "permissions": permissions}
            role["issues_visibility"] = self.visibility.get(number, "all")
            return _with_etag(request, json_reply({"role": role}))
        if path == "/issue_statuses.json":
            rows = [{"id": i, "name": n, "is_closed": c} for i, (n, c) in STATUSES.items()]
            return json_reply({"issue_statuses": rows})
        if path == "/enumerations/issue_priorities.json":
            ranks = [{"id": i, "name": n, "is_default": i == 2} for i, n in PRIORITIES.items()]
            return json_reply({"issue_priorities": ranks})
        if path == "/trackers.json":
            return json_reply({"trackers": [{"id": i, "name": n} for i, n in TRACKERS.items()]})
        if path == "/projects.json":
            wanted = request.query.get("status", "1").split("|")
            shown = [
                self._shown(name)
                for name in self.projects
                if name in sees and ("5" if name in self.closed_projects else "1") in wanted
            ]
            return _page("projects", shown, request.query, self.cap)
        if path == "/issues.json":
            return self._list(request, sees, None)
        if path == "/issues.csv":
            if not self.gives_csv:
                return Reply(200, b"<html>login</html>", "text/html; charset=utf-8")
            return self._csv(request, sees)
        parts = path.strip("/").split("/")
        if parts[0] == "issues" and len(parts) == 2:
            with self._lock:
                return self._one(request, login, sees, int(parts[1].removesuffix(".json")))
        if parts[0] == "projects" and parts[-1] == "memberships.json":
            members = [
                {"id": number, "user": {"id": number, "name": name}, "roles": []}
                for number, name in self.names.items()
            ]
            if not self._may(login, "view_members"):
                return Reply(403, b"", "application/json")
            return _page("memberships", members, request.query, self.cap)
        if parts[0] == "projects" and len(parts) in (2, 3):
            name = parts[1].removesuffix(".json")
            if name not in self.projects:
                return Reply(404, b"", "application/json")
            if name not in sees:
                return Reply(403, b"", "application/json")
            if len(parts) == 2:
                return json_reply({"project": self._shown(name)})
            return self._list(request, sees, name)
        return Reply(404, b"<html>Not Found</html>", "text/html; charset=utf-8")

    def note(self, number: int, login: str, text: str, at: datetime | None = None) -> None:
        """Somebody writes a note, or changes something, which leaves a journal too."""
        self._journal += 1
        at = at or datetime.now(UTC)
        self.journals.setdefault(number, []).append(
            {
                "id": self._journal,
                "user": {"id": self.people[login], "name": login},
                "notes": text,
                "created_on": _text(at),
                "private_notes": False,
                "details": [],
            }
        )
        self.issues[number]["updated_on"] = _text(at)

    def _may(self, login: str, permission: str) -> bool:
        if login in self.admins:
            return True
        return login in self.roles and permission in ROLES[self.roles[login]][1]

    def _one(self, request: Request, login: str, sees: set[str], number: int) -> Reply:
        row = self.issues.get(number)
        if row is None:
            return Reply(404, b"", "application/json")
        if row["project"]["id"] not in {self.projects[name][0] for name in sees}:
            return Reply(403 if login else 401, b"", "application/json")
        if request.method == "GET":
            shown = self._issue(row)
            included = request.query.get("include", "").split(",")
            if "journals" in included:
                shown["journals"] = self.journals.get(number, [])
            if "allowed_statuses" in included:
                # Without the right to edit, the present one only.
                allowed = self.workflow | {row["status"]}
                if not self._may(login, "edit_issues"):
                    allowed = {row["status"]}
                shown["allowed_statuses"] = [
                    {"id": id, "name": STATUSES[id][0], "is_closed": STATUSES[id][1]}
                    for id in sorted(allowed)
                ]
            return Reply(200, _escaped(json.dumps({"issue": shown}, ensure_ascii=False)))
        if request.method != "PUT":
            return Reply(404, b"", "application/json")
        edits, notes = self._may(login, "edit_issues"), self._may(login, "add_issue_notes")
        if not (edits or notes):
            return Reply(403, b"", "application/json")
        return self._update(row, request.json()["issue"], login, edits, notes)

    def _update(
        self, row: dict[str, Any], wanted: dict[str, Any], login: str, edits: bool, notes: bool
    ) -> Reply:
        """What the account may not set is ignored, and so is a status that is not allowed."""
        if edits and "assigned_to_id" in wanted:
            person = int(wanted["assigned_to_id"])
            if person not in self.names:
                return json_reply({"errors": ["Assigné à n'est pas valide"]}, 422)
            row["assigned_to"] = {"id": person, "name": self.names[person]}
        if edits and wanted.get("status_id") in self.workflow:
            self.set_status(row["id"], wanted["status_id"])
        self.note(row["id"], login, wanted.get("notes", "") if notes else "")
        return Reply(204, b"", "")

    def _project(self, identifier: str) -> dict[str, Any]:
        return {"id": self.projects[identifier][0], "name": identifier.capitalize()}

    def _shown(self, identifier: str) -> dict[str, Any]:
        id, parent = self.projects[identifier]
        up = {"parent": {"id": parent, "name": "…"}} if parent else {}
        return {"id": id, "name": identifier.capitalize(), "identifier": identifier, **up}

    def _list(self, request: Request, sees: set[str], project: str | None) -> Reply:
        query = {n: v for n, v in request.query.items() if n not in self.ignores}
        visible = {self.projects[name][0] for name in sees}
        rows = [row for row in self.issues.values() if row["project"]["id"] in visible]
        login = self.accounts[request.headers.get("x-redmine-api-key", "")][0] if sees else ""
        if self.visibility.get(self.roles.get(login, 0)) == "own":
            rows = [row for row in rows if row["author"]["id"] == self.people.get(login)]
        if project is not None:
            id = self.projects[project][0]
            wanted = {id}
            if query.get("subproject_id") != "!*":
                wanted |= {i for i, parent in self.projects.values() if parent == id}
            if "project" not in self.ignores:
                rows = [row for row in rows if row["project"]["id"] in wanted]
        rows = [row for row in rows if self._obeys(row, query)]
        if query.get("sort") == "id:asc":
            rows.sort(key=lambda row: row["id"])
        else:
            rows.sort(key=lambda row: -row["id"])
        reply = _page("issues", [self._issue(row) for row in rows], query, self.cap)
        return _with_etag(request, reply)

    def _csv(self, request: Request, sees: set[str]) -> Reply:
        """The column that was asked for, as people see it; an account in French gets semicolons."""
        field = int(request.query["c[]"].removeprefix("cf_"))
        lines = [f"#;{CUSTOM.get(field, str(field))}"]
        visible = {self.projects[name][0] for name in sees}
        for row in self.issues.values():
            if row["project"]["id"] not in visible or not self._obeys(row, request.query):
                continue
            (value,) = [each["value"] for each in row["custom_fields"] if each["id"] == field]
            values = value if isinstance(value, list) else [value]
            texts = [self.shown.get((field, each), each or "") for each in values]
            lines.append(f'{row["id"]};"{", ".join(texts)}"')
        return Reply(200, ("\ufeff" + "\n".join(lines)).encode(), "text/csv; header=present")

    def _issue(self, row: dict[str, Any]) -> dict[str, Any]:
        name, closed = STATUSES[row["status"]]
        told = {"is_closed": closed} if self.tells_closed else {}
        return {**row, "status": {"id": row["status"], "name": name, **told}}

    def _obeys(self, row: dict[str, Any], query: dict[str, str]) -> bool:
        status = query.get("status_id", "open")
        if status in ("open", "closed"):
            if STATUSES[row["status"]][1] != (status == "closed"):
                return False
        elif status != "*" and str(row["status"]) not in status.split("|"):
            return False
        for name in ("updated_on", "closed_on"):
            if name in query and not (row[name] and row[name] >= query[name].removeprefix(">=")):
                return False
        if "issue_id" in query and not _among(row["id"], query["issue_id"]):
            return False
        if "tracker_id" in query and str(row["tracker"]["id"]) not in query["tracker_id"].split(
            "|"
        ):
            return False
        for name, value in query.items():
            if name.startswith("cf_") and int(name[3:]) in CUSTOM:
                held = {str(f["id"]): f["value"] for f in row["custom_fields"]}[name[3:]]
                if held not in value.split("|"):
                    return False
            if name in ("tracker_id", "priority_id", "category_id", "author_id"):
                named = row.get(name.removesuffix("_id")) or {}
                if str(named.get("id")) not in value.split("|"):
                    return False
        return True


def _with_etag(request: Request, reply: Reply) -> Reply:
    etag = f'W/"{hashlib.md5(reply.body).hexdigest()}"'
    if request.headers.get("if-none-match") == etag:
        return Reply(304, headers={"ETag": etag})
    return Reply(200, reply.body, "application/json; charset=utf-8", {"ETag": etag})


def _among(number: int, asked: str) -> bool:
    """Whether a number is one of those that a filter `issue_id` names."""
    if asked.startswith(">="):
        return number >= int(asked[2:])
    if asked.startswith("><"):
        first, last = map(int, asked[2:].split("|"))
        return first <= number <= last
    return number in map(int, asked.split(","))


def _page(name: str, rows: list[Any], query: dict[str, str], cap: int) -> Reply:
    limit = min(int(query.get("limit", 25)), cap)
    offset = int(query.get("offset", 0))
    page = {name: rows[offset : offset + limit], "total_count": len(rows)}
    body = json.dumps({**page, "offset": offset, "limit": limit}, ensure_ascii=False)
    return Reply(200, _escaped(body), "application/json; charset=utf-8")


def _escaped(body: str) -> bytes:
    """Half a surrogate pair travels as an escape, everything else as itself."""
    return body.encode("utf-8", "backslashreplace")


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
