"""A GLPI 11: the high-level API v2 over the tickets of `FakeGlpi`, from its source."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from tests.fakes.glpi import READ_ALL, SEE_FOLLOWUPS, FakeGlpi
from tests.fakes.misbehaving import Reply, Request, json_reply

ROLES = {1: "requester", 2: "assigned", 3: "observer"}
STATUS_NAMES = {1: "Nouveau", 2: "En cours (Attribué)", 4: "En attente", 5: "Résolu", 6: "Clos"}


class FakeGlpi11(FakeGlpi):
    """`logins` maps a login to a password and a token of `FakeGlpi`.

    `wraps_notes` and `tells_authors` are what versions differ in. `bad_token_status` is
    how an expired token is refused.
    """

    version = 11

    def __init__(self) -> None:
        super().__init__()
        self.api_enabled = True
        self.client = ("client-1", "client-secret")
        self.logins = {"lecture": ("pass-word", "a-token"), "agent1": ("pass-word", "agent-token")}
        self.bearers: dict[str, str] = {}
        self.granted = 0
        self.wraps_notes = True
        self.tells_authors = False
        self.bad_token_status = 401

    def __call__(self, request: Request) -> Reply:
        if self.page or not request.path.startswith("/api.php"):
            return super().__call__(request)
        with self._lock:
            path = request.path.removeprefix("/api.php")
            if not self.api_enabled:
                return problem(403, "ERROR_RIGHT_MISSING", "The High-Level API is disabled")
            if path in ("", "/"):
                versions = [{"api_version": "1"}, {"api_version": "2", "version": "2.0.0"}]
                return json_reply({"message": "Welcome to GLPI API", "api_versions": versions})
            if path == "/token":
                return self._grant(request)
            return self._authorized(request, path.removeprefix("/v2"))

    def _grant(self, request: Request) -> Reply:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if (form.get("client_id"), form.get("client_secret")) != self.client:
            failed = {"error": "invalid_client", "error_description": "Client auth failed"}
            return json_reply(failed, 401)
        password, account = self.logins.get(form.get("username", ""), ("", ""))
        if form.get("grant_type") != "password" or not password or password != form.get("password"):
            failed = {"error": "invalid_grant", "error_description": "Bad credentials"}
            return json_reply(failed, 400)
        self.granted += 1
        token = f"bearer{self.granted}"
        self.bearers[token] = account
        return json_reply({"token_type": "Bearer", "expires_in": 3600, "access_token": token})

    def _authorized(self, request: Request, path: str) -> Reply:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.bearers:
            if self.bad_token_status == 400:
                return problem(400, "ERROR_INVALID_PARAMETER", "Invalid OAuth token")
            return problem(401, "ERROR_UNAUTHENTICATED", "You are not authenticated")
        account = self.tokens[self.bearers[token]]
        helpdesk = account.ticket < READ_ALL
        parts = path.strip("/").split("/")
        if path == "/session":
            return json_reply(
                {
                    "current_time": datetime.now(self.zone).isoformat(timespec="seconds"),
                    "user_id": account.user,
                    "name": self.people[account.user]["name"],
                    "profiles": {"6": {}},
                    "active_profile": {
                        "id": 6,
                        "name": "Lecture",
                        "interface": "helpdesk" if helpdesk else "central",
                    },
                }
            )
        if parts[:2] == ["Assistance", "Ticket"]:
            return self._tickets(request, account, parts[2:])
        itemtype = {
            "Administration/Entity": "Entity",
            "Administration/User": "User",
            "Dropdowns/Location": "Location",
            "Dropdowns/ITILCategory": "ITILCategory",
        }.get("/".join(parts))
        if itemtype is None:
            return problem(404, "ERROR_ITEM_NOT_FOUND", "Not found")
        if itemtype not in account.sees:
            return problem(403, "ERROR_RIGHT_MISSING", "You don't have permission")
        return self._listed(request, self._places(itemtype))

    def _places(self, itemtype: str) -> list[dict[str, Any]]:
        if itemtype == "User":
            return [{"id": n, "username": row["name"]} for n, row in self.people.items()]
        tree = {
            "Entity": self.entities,
            "Location": self.locations,
            "ITILCategory": self.categories,
        }[itemtype]
        hidden = ("parent", "date_mod")
        return [
            {
                "id": number,
                "completename": self.path(tree, number),
                **{name: value for name, value in row.items() if name not in hidden},
            }
            for number, row in tree.items()
        ]

    def _tickets(self, request: Request, account: Any, rest: list[str]) -> Reply:
        seen = {
            number: ticket
            for number, ticket in self.tickets.items()
            if account.ticket & READ_ALL or account.user in ticket["requesters"]
        }
        if not rest:
            return self._listed(request, [self._v2(number) for number in seen])
        number = int(rest[0])
        if number not in seen:
            return problem(404, "ERROR_ITEM_NOT_FOUND", "Not found")
        if request.method == "GET" and len(rest) == 1:
            return json_reply(self._v2(number))
        if request.method == "GET":
            kind = {"Followup": "ITILFollowup", "Solution": "ITILSolution"}[rest[2]]
            if kind == "ITILFollowup" and not account.followup & SEE_FOLLOWUPS:
                return problem(403, "ERROR_RIGHT_MISSING", "You don't have permission")
            return json_reply([self._note(n) for n in self._notes_of(number, kind)])
        if not account.ticket & 2 or seen[number]["status"] == 6:
            return problem(403, "ERROR_RIGHT_MISSING", "You don't have permission")
        wanted = request.json()
        if request.method == "PATCH":
            status, category = wanted.get("status"), wanted.get("category")
            changes = {"status": status["id"]} if status else {}
            changes |= {"category": category["id"]} if category else {}
            if not self.ignores_changes:
                self.change(number, **changes)
            return json_reply(self._v2(number))
        if rest[1] == "TeamMember":
            assert wanted["type"] == "User"
            assert wanted["role"] == 2
            if wanted["id"] not in self.people:
                return problem(400, "ERROR_INVALID_PARAMETER", "One or more parameters are invalid")
            self.change(number, owners=[*seen[number]["owners"], wanted["id"]])
            return Reply(201, b"null", "application/json")
        kind = {"Followup": "ITILFollowup", "Solution": "ITILSolution"}[rest[2]]
        id = self.note(number, kind, account.user, wanted["content"])
        return json_reply({"id": id, "href": f"/Assistance/Ticket/{number}/…/{id}"})

    def _notes_of(self, number: int, kind: str) -> Iterable[dict[str, Any]]:
        return (n for n in self.notes if n["kind"] == kind and n["ticket"] == number)

    def _note(self, note: dict[str, Any]) -> dict[str, Any]:
        item = {"id": note["id"], "content": note["content"], "is_private": False}
        if self.tells_authors:
            item["user"] = {"id": note["users_id"], "name": "…"}
        return {"type": "Followup", "item": item} if self.wraps_notes else item

    def _v2(self, number: int) -> dict[str, Any]:
        ticket = self.tickets[number]
        team = [self._member("User", who, 1) for who in ticket["requesters"]]
        team += [self._member("User", who, 2) for who in ticket["owners"]]
        team += [
            {"role": "assigned", "name": name, "display_name": name, "href": f"/front/{kind}?id=4"}
            for kind, names in (
                ("group.form.php", ticket["groups"]),
                ("supplier.form.php", ticket["suppliers"]),
            )
            for name in names
        ]
        return {
            "id": number,
            "name": ticket["name"],
            "content": "<p>…</p>",
            "is_deleted": ticket["deleted"],
            "category": self._named(self.categories, ticket["category"]),
            "location": self._named(self.locations, ticket["location"]),
            "entity": {
                "completename": self.path(self.entities, ticket["entity"]),
                **(self._named(self.entities, ticket["entity"]) or {}),
            },
            "priority": ticket["priority"],
            "type": ticket["type"],
            "status": {"id": ticket["status"], "name": STATUS_NAMES.get(ticket["status"])},
            "date_creation": self._moment(ticket["created"]),
            "date_mod": self._moment(ticket["updated"]),
            "date": self._moment(ticket["created"]),
            "team": team,
        }

    def _member(self, itemtype: str, who: int, role: int) -> dict[str, Any]:
        person = self.people[who]
        name = f"{person['firstname']} {person['realname']}".strip() or person["name"]
        return {
            "role": ROLES[role],
            "name": person["name"],
            "realname": person["realname"],
            "firstname": person["firstname"],
            "display_name": name,
            "href": f"/front/{itemtype.lower()}.form.php?id={who}",
        }

    @staticmethod
    def _named(tree: dict[int, dict[str, Any]], number: int | None) -> dict[str, Any] | None:
        return None if number is None else {"id": number, "name": tree[number]["name"]}

    def _moment(self, moment: datetime) -> str:
        return moment.astimezone(self.zone).isoformat(timespec="seconds")

    def _listed(self, request: Request, rows: list[dict[str, Any]]) -> Reply:
        for part in filter(None, request.query.get("filter", "").split(";")):
            # A group in parentheses, of which one part has to hold.
            either = re.split(r",(?=[a-z_.]+=)", part[1:-1]) if part[0] == "(" else [part]
            tests = [re.fullmatch(r"([\w.]+)(==|=in=|=out=|=[gl][te]=)(.*)", one) for one in either]
            if None in tests:
                return problem(400, "ERROR_INVALID_PARAMETER", "Invalid RSQL query")
            rows = [
                row
                for row in rows
                if any(self._fits(row, one[1], one[2], one[3]) for one in tests if one)
            ]
        if request.query.get("sort") == "id":
            rows.sort(key=lambda row: row["id"])
        start = int(request.query.get("start", 0))
        limit = int(request.query.get("limit", 100))
        more = start + limit < len(rows)
        range_ = f"{start}-{max(0, start + limit - 1)}/{len(rows)}"
        reply = json_reply(rows[start : start + limit], 206 if more else 200)
        return Reply(reply.status, reply.body, reply.content_type, {"Content-Range": range_})

    def _fits(self, row: dict[str, Any], name: str, operator: str, value: str) -> bool:
        held: Any = row
        for part in name.split("."):
            held = held[part]
        if operator == "==":
            return str(held).casefold() == value.strip('"').casefold()  # as MySQL compares
        if name == "id" and operator in ("=ge=", "=le="):
            return bool(held >= int(value) if operator == "=ge=" else held <= int(value))
        if operator == "=gt=":
            # The column is naive, in the zone of the session.
            naive = datetime.fromisoformat(held).astimezone(self.zone).replace(tzinfo=None)
            return naive > datetime.fromisoformat(value.strip('"'))
        inside = str(held) in value.strip("()").split(",")
        return inside == (operator == "=in=")


def problem(status: int, code: str, title: str) -> Reply:
    return json_reply({"status": code, "title": title, "detail": None}, status)
