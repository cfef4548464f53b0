"""A Zammad that answers as its documentation and the source of 6.4 say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.misbehaving import Reply, Request, json_reply

CAP = 200
STATES = {
    1: ("new", "new"),
    2: ("open", "open"),
    3: ("pending reminder", "pending reminder"),
    9: ("refusé", "closed"),
    4: ("closed", "closed"),
    5: ("merged", "merged"),
    7: ("pending close", "pending action"),
    8: ("groupe de travail", "open"),
}
GROUPS = {1: "Assistance", 2: "Catalogue", 3: "Autre"}


class FakeZammad:
    """Groups, tickets and agents; call it with a request to get the answer.

    `agents` maps a token to a number, a login, the groups that it sees and whether it may
    change tickets there.
    """

    def __init__(self) -> None:
        self.agents: dict[str, tuple[int, str, set[int], bool]] = {
            "t-reader": (5, "lecture@example.org", {1, 2}, False),
            "t-agent": (6, "agir@example.org", {1, 2}, True),
            "t-blind": (7, "ailleurs@example.org", set(), False),
        }
        self.tickets: dict[int, dict[str, Any]] = {}
        self.articles: list[dict[str, Any]] = []

    def add(self, group: int = 1, state: int = 2, **fields: Any) -> int:
        number = max(self.tickets, default=0) + 1
        began = datetime(2026, 11, 1, 8, tzinfo=UTC) + timedelta(minutes=number)
        self.tickets[number] = {
            "id": number,
            "number": f"2026{number:05d}",
            "title": f"Imprimante {number} muette",
            "group_id": group,
            "state_id": state,
            "priority": "2 normal",
            "customer": "mairie@example.org",
            "owner": "-",
            "organization": f"Mairie {number}",
            "site_code": str(17000 + number),
            "created_at": began,
            "updated_at": datetime.now(UTC) - timedelta(hours=5),
            "escalation_at": None,
            **fields,
        }
        return number

    def touch(self, number: int, **fields: Any) -> None:
        self.tickets[number] |= {"updated_at": datetime.now(UTC), **fields}

    def __call__(self, request: Request) -> Reply:
        token = request.headers.get("authorization", "").removeprefix("Token token=")
        if token not in self.agents:
            return json_reply({"error": "Invalid API token"}, 401)
        id, login, sees, writes = self.agents[token]
        path = request.path.removeprefix("/api/v1")
        if path == "/users/me":
            return json_reply({"id": id, "login": login, "email": login, "active": True})
        if path == "/groups":
            shown = [{"id": number, "name": GROUPS[number]} for number in GROUPS if number in sees]
            return json_reply(shown)
        if path == "/ticket_states":
            return json_reply(
                [
                    {"id": number, "name": name, "state_type": type_, "active": True}
                    for number, (name, type_) in STATES.items()
                ]
            )
        if path == "/tickets/search":
            return self._search(request, sees)
        head, _slash, last = path.rpartition("/")
        ticket = self.tickets.get(int(last)) if last.isdecimal() else None
        if ticket is None:
            return json_reply({"error": f"Couldn't find Ticket with 'id'={last}"}, 404)
        if ticket["group_id"] not in sees:
            return json_reply({"error": "Not authorized"}, 403)
        if head == "/ticket_articles/by_ticket":
            return json_reply([each for each in self.articles if each["ticket_id"] == int(last)])
        if request.method == "PUT":
            return self._put(request.json(), int(last), id, writes)
        return json_reply(self._expanded(ticket))

    def _search(self, request: Request, sees: set[int]) -> Reply:
        asked = parse_qs(urlsplit(request.target).query)
        found = [each for each in self.tickets.values() if each["group_id"] in sees]
        for name in ("group_id", "state_id", "created_at", "updated_at"):
            operator = asked.get(f"condition[ticket.{name}][operator]", [""])[0]
            values = asked.get(f"condition[ticket.{name}][value][]", [])
            if operator == "is":
                found = [each for each in found if str(each[name]) in values]
            elif operator == "is not":
                found = [each for each in found if str(each[name]) not in values]
            elif operator == "after (absolute)":
                after = datetime.fromisoformat(asked[f"condition[ticket.{name}][value]"][0])
                found = [each for each in found if each[name] > after]
        found.sort(key=lambda each: each["created_at"])
        size = min(int(asked["per_page"][0]), CAP)
        return json_reply([self._expanded(each) for each in found[:size]])

    def _expanded(self, ticket: dict[str, Any]) -> dict[str, Any]:
        times = {
            name: value.strftime("%Y-%m-%dT%H:%M:%S.000Z")
            for name, value in ticket.items()
            if isinstance(value, datetime)
        }
        names = {"group": GROUPS[ticket["group_id"]], "state": STATES[ticket["state_id"]][0]}
        return {**ticket, **times, **names}

    def _put(self, body: dict[str, Any], number: int, id: int, writes: bool) -> Reply:
        if not writes:
            return json_reply({"error": "Not authorized"}, 403)
        change: dict[str, Any] = {}
        if "state" in body:
            known = {name: state for state, (name, _type) in STATES.items()}
            change["state_id"] = known[body["state"]]
        if "owner" in body:
            if body["owner"] not in {login for _id, login, *_rest in self.agents.values()}:
                return json_reply({"error": "No lookup value found for 'owner'"}, 422)
            change["owner"] = body["owner"]
        self.touch(number, **change)
        if "article" in body:
            article = {"id": len(self.articles) + 1, "ticket_id": number, "created_by_id": id}
            self.articles.append({**article, **body["article"]})
        return json_reply({"id": number})
