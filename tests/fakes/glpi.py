"""A GLPI whose apirest.php answers as version 10.0 was seen to answer.

`tests/fakes/glpi_highlevel.py` adds the API of version 11 over the same tickets.
"""

from __future__ import annotations

import copy
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.fakes.glpi_text import stored
from tests.fakes.misbehaving import Reply, Request, json_reply

RECORDINGS = Path(__file__).parent.parent / "adapters" / "glpi" / "recordings"
FORMAT = "%Y-%m-%d %H:%M:%S"
ALL_RIGHTS = 2 | 1024 | 8192 | 32768
READ_ALL = 1024
READ_MY = 1
FOLLOW = 1 | 4096
SEE_FOLLOWUPS = 1 | 8192

# itemtype -> search option -> (table, column); those of tickets are in `_ticket`.
OPTIONS: dict[str, dict[int, tuple[str, str]]] = {
    "Entity": {
        1: ("glpi_entities", "completename"),
        2: ("glpi_entities", "id"),
        3: ("glpi_entities", "address"),
        5: ("glpi_entities", "phonenumber"),
        6: ("glpi_entities", "email"),
        8: ("glpi_entities", "tag"),
        11: ("glpi_entities", "town"),
        14: ("glpi_entities", "name"),
        19: ("glpi_entities", "date_mod"),
        25: ("glpi_entities", "postcode"),
        67: ("glpi_entities", "latitude"),
        68: ("glpi_entities", "longitude"),
        70: ("glpi_entities", "registration_number"),
    },
    "Location": {
        1: ("glpi_locations", "completename"),
        2: ("glpi_locations", "id"),
        14: ("glpi_locations", "name"),
        15: ("glpi_locations", "address"),
        19: ("glpi_locations", "date_mod"),
        80: ("glpi_entities", "completename"),
        81: ("glpi_locations", "code"),
    },
    "User": {
        1: ("glpi_users", "name"),
        2: ("glpi_users", "id"),
        9: ("glpi_users", "firstname"),
        34: ("glpi_users", "realname"),
    },
    "ITILCategory": {
        1: ("glpi_itilcategories", "completename"),
        2: ("glpi_itilcategories", "id"),
    },
}


@dataclass
class Account:
    """Somebody's token. `sees` are the itemtypes that the profile may see beside tickets.

    `entities` are those of the profile, each with all below it.
    """

    user: int
    ticket: int = ALL_RIGHTS
    followup: int = FOLLOW
    entities: tuple[int, ...] = (0,)
    active: bool = True
    sees: set[str] = field(default_factory=lambda: {"Entity", "Location", "User", "ITILCategory"})


@dataclass
class Session:
    """An open session: its account is as it was when it was opened, whatever changes later."""

    account: Account
    everything: bool = False


class FakeGlpi:
    """Tickets, people, places and accounts; call it with a request to get the answer.

    Times are kept in UTC and shown in `zone`, naive. `page` makes it answer with a web
    page. `ignores_changes` makes it answer true and do nothing.
    """

    version = 10

    def __init__(self) -> None:
        self.zone = ZoneInfo("Europe/Paris")
        self.app_token = ""
        self.tokens = {"a-token": Account(6), "agent-token": Account(9)}
        self.sessions: dict[str, Session] = {}
        self.killed: list[str] = []
        self.page = ""
        self.ignores_changes = False
        self.enabled = True
        self.people: dict[int, dict[str, Any]] = {
            6: {"name": "lecture", "firstname": "", "realname": ""},
            7: {"name": "agent2", "firstname": "Agent", "realname": "Deux"},
            9: {"name": "agent1", "firstname": "Agent", "realname": "Un"},
            12: {"name": "m.noel", "firstname": "Mairie", "realname": "Noël & Cie"},
            15: {"name": "m.ay", "firstname": "", "realname": "Mairie d'Ay"},
        }
        old = datetime(2026, 1, 1, tzinfo=UTC)
        self.entities: dict[int, dict[str, Any]] = {
            0: {"name": "Entité racine", "parent": None, "date_mod": old},
            1: {"name": "Noël-Cerneux", "parent": 0, "registration_number": "25414"},
            2: {"name": "Ay-Champagne", "parent": 0, "registration_number": "51030"},
            3: {"name": "École <Prévert>", "parent": 2, "tag": "ec-51030", "town": "Ay"},
        }
        self.locations: dict[int, dict[str, Any]] = {
            1: {"name": "Mairie", "parent": None, "code": "M1", "address": "1 place\r\nde la Paix"},
            2: {"name": "Bureau 3", "parent": 1},
        }
        self.categories: dict[int, dict[str, Any]] = {
            1: {"name": "Assistance", "parent": None},
            2: {"name": "Catalogue logiciel", "parent": None},
            3: {"name": "Groupe de travail", "parent": 2},
            4: {"name": "Refusé", "parent": 2},
        }
        self.tickets: dict[int, dict[str, Any]] = {}
        self.notes: list[dict[str, Any]] = []
        self._lock = threading.RLock()
        self._opened = 0

    # -- what happens in it ------------------------------------------------------

    def add(self, **fields: Any) -> dict[str, Any]:
        """Add a ticket; times are UTC."""
        number = max(self.tickets, default=0) + 1
        updated = fields.get("updated", datetime.now(UTC) - timedelta(hours=1))
        status = fields.get("status", 2)
        self.tickets[number] = {
            "name": f"Imprimante {number} muette",
            "status": status,
            "priority": 3,
            "type": 1,
            "category": 1,
            "entity": 1,
            "location": 1,
            "requesters": [12],
            "requester_groups": [],
            "owners": [9],
            "groups": [],
            "suppliers": [],
            "created": updated - timedelta(days=1),
            "updated": updated,
            "due": None,
            "solved": updated if status in (5, 6) else None,
            "closed": updated if status == 6 else None,
            "deleted": False,
            **fields,
        }
        return self.tickets[number]

    def change(self, number: int, at: datetime | None = None, **fields: Any) -> None:
        """Somebody changes a ticket."""
        at = (at or datetime.now(UTC)).replace(microsecond=0)
        ticket = self.tickets[number]
        if fields.get("status") in (5, 6):
            ticket["solved"] = ticket["solved"] or at
        ticket |= {"updated": at, **fields}

    def note(self, number: int, kind: str, author: int, content: str) -> int:
        """Somebody writes a followup or a solution; content is HTML as GLPI is sent it."""
        same = [note for note in self.notes if note["kind"] == kind]
        self.notes.append(
            {
                "id": len(same) + 1,
                "kind": kind,
                "ticket": number,
                "users_id": author,
                "content": stored(content) if self.version == 10 else content,
            }
        )
        if kind == "ITILSolution":
            self.change(number, status=5)
        else:
            self.change(number)
        return len(same) + 1

    # -- apirest.php -------------------------------------------------------------

    def __call__(self, request: Request) -> Reply:
        if self.page:
            return recorded(self.page)
        with self._lock:
            if not request.path.startswith("/apirest.php"):
                return Reply(404, b"<html><title>404</title></html>", "text/html")
            return self._apirest(request, request.path.removeprefix("/apirest.php").strip("/"))

    def _apirest(self, request: Request, path: str) -> Reply:
        if request.method == "GET" and request.body:
            return error(400, "ERROR_JSON_PAYLOAD_FORBIDDEN", "GET Request should not have json")
        if not self.enabled:
            return error(400, "ERROR", "API désactivée; Afficher la documentation")
        if self.app_token and request.headers.get("app-token") != self.app_token:
            return recorded("01d_init_bad_app_token")
        if path == "initSession":
            return self._init(request.headers.get("authorization", ""))
        session = self.sessions.get(request.headers.get("session-token", ""))
        if session is None:
            return recorded("01h_bad_session")
        parts = path.split("/")
        if path == "killSession":
            self.killed.append(request.headers["session-token"])
            del self.sessions[request.headers["session-token"]]
            return json_reply(True)
        if path == "changeActiveEntities":
            wanted = request.json()
            # "all", as documented, is intval("all"): the root alone.
            session.everything = "entities_id" not in wanted
            return json_reply(True)
        if path == "getActiveProfile":
            return json_reply({"active_profile": self._profile(session.account)})
        if path == "getFullSession":
            return json_reply({"session": self._full_session(session.account)})
        if path == "getGlpiConfig":
            return json_reply({"cfg_glpi": {"version": f"{self.version}.0.17", "languages": {}}})
        if path == "getMyEntities":
            mine = [{"id": n, "name": escaped(self.path(self.entities, n))} for n in self.entities]
            return json_reply({"myentities": [*mine[1:], mine[0]]})
        if parts[0] == "listSearchOptions":
            return json_reply(self._options(parts[1]))
        if parts[0] == "search":
            return self._search(request, session, parts[1])
        return self._items(request, session, parts)

    def _init(self, authorization: str) -> Reply:
        account = None
        if authorization.startswith("user_token "):
            account = self.tokens.get(authorization.removeprefix("user_token "))
            if account is None or not account.active:
                return recorded("01c_init_bad_user_token")
        if account is None:
            return error(401, "ERROR_GLPI_LOGIN", "Identifiant ou mot de passe incorrect")
        self._opened += 1
        token = f"session{self._opened}"
        self.sessions[token] = Session(copy.deepcopy(account))
        return json_reply({"session_token": token})

    def _profile(self, account: Account) -> dict[str, Any]:
        helpdesk = account.ticket < READ_ALL
        return {
            "id": 6,
            "name": escaped("Lecture & suivi"),
            "interface": "helpdesk" if helpdesk else "central",
            "ticket": account.ticket,
            "followup": str(account.followup),
            "entities": [
                {"id": n, "name": escaped(self.entities[n]["name"]), "is_recursive": 1}
                for n in account.entities
            ],
        }

    def _full_session(self, account: Account) -> dict[str, Any]:
        now = datetime.now(self.zone).strftime(FORMAT)
        return {
            "glpiID": account.user,
            "glpiname": self.people[account.user]["name"],
            "glpi_currenttime": now,
            "valid_id": "do-not-tell",
        }

    def _options(self, itemtype: str) -> dict[str, Any]:
        listed: dict[str, Any] = {"common": "Caractéristiques"}
        for number, (table, column) in OPTIONS[itemtype].items():
            listed[str(number)] = {"name": column, "table": table, "field": column}
        return listed

    def _search(self, request: Request, session: Session, itemtype: str) -> Reply:
        if itemtype != "Ticket" and itemtype not in session.account.sees:
            return error(403, "ERROR_RIGHT_MISSING", "Vous n'avez pas les droits")
        criteria = nested(request.query).get("criteria", {})
        rows = self._table(session, itemtype, request.query.get("is_deleted") == "1")
        try:
            rows = {n: row for n, row in rows.items() if self._obeys(row, criteria)}
        except KeyError as missing:
            return error(400, "ERROR", f"Bad field ID in search criteria {missing}; doc")
        sort, order = request.query.get("sort", "1"), request.query.get("order", "ASC")
        chosen = sorted(rows.values(), key=lambda row: row[int(sort)], reverse=order != "ASC")
        first, last = (int(n) for n in request.query.get("range", "0-49").split("-"))
        if first > len(chosen):
            return recorded("05_range_beyond")
        some = chosen[first : last + 1]
        shown = {1, 2, 80} | {
            int(value) for name, value in request.query.items() if "forcedisplay" in name
        }
        answer: dict[str, Any] = {"totalcount": len(chosen), "count": len(some)}
        answer |= {"sort": [int(sort)], "order": [order]}
        if some:
            answer["data"] = [
                {
                    str(number): self._shown(value)
                    for number, value in row.items()
                    if number in shown
                }
                for row in some
            ]
        last = min(last, len(chosen) - 1)
        answer["content-range"] = f"{first}-{last}/{len(chosen)}"
        headers = {"Content-Range": answer["content-range"]} if chosen else {}
        return Reply(
            200 if len(some) >= len(chosen) else 206,
            json_reply(answer).body,
            "application/json; charset=UTF-8",
            headers,
        )

    def _table(self, session: Session, itemtype: str, deleted: bool) -> dict[int, dict[int, Any]]:
        if itemtype == "Ticket":
            account = session.account
            return {
                number: self._ticket(number)
                for number, ticket in self.tickets.items()
                if ticket["deleted"] == deleted
                and (account.ticket & READ_ALL or account.user in ticket["requesters"])
                and (session.everything or ticket["entity"] == 0)
                and set(account.entities) & set(self.lineage(self.entities, ticket["entity"]))
            }
        tables = {
            "Entity": self.entities,
            "Location": self.locations,
            "User": self.people,
            "ITILCategory": self.categories,
        }
        rows: dict[int, dict[int, Any]] = {}
        for number, row in tables[itemtype].items():
            if row.get("deleted", False) != deleted:
                continue
            named = {"id": number, "completename": self.path(tables[itemtype], number), **row}
            rows[number] = {
                option: named.get(column) for option, (_table, column) in OPTIONS[itemtype].items()
            }
        return rows

    def _ticket(self, number: int) -> dict[int, Any]:
        ticket = self.tickets[number]
        return {
            # The search parts values with this mark, and shows the first part.
            1: ticket["name"].split("$$##$$")[0],
            2: number,
            3: ticket["priority"],
            # Who is no user is null, and of several addresses one is told.
            4: several([who if isinstance(who, int) else None for who in ticket["requesters"]]),
            34: ([""] + [who for who in ticket["requesters"] if isinstance(who, str)])[-1],
            71: several(ticket["requester_groups"]),
            5: several(ticket["owners"]),
            6: several(ticket["suppliers"]),
            7: self.path(self.categories, ticket["category"]),
            8: several(ticket["groups"]),
            12: ticket["status"],
            14: ticket["type"],
            15: ticket["created"],
            16: ticket["closed"],
            17: ticket["solved"],
            18: ticket["due"],
            19: ticket["updated"],
            80: self.path(self.entities, ticket["entity"]),
            83: self.path(self.locations, ticket["location"]),
            "category": ticket["category"],  # type: ignore[dict-item]
        }

    def _obeys(self, row: dict[int, Any], criteria: dict[str, Any]) -> bool:
        result: bool | None = None
        for criterion in criteria.values():
            link = criterion.get("link", "AND")
            if "criteria" in criterion:
                holds = self._obeys(row, criterion["criteria"])
            else:
                holds = self._holds(row, criterion)
            holds = holds != ("NOT" in link)
            if result is None:
                result = holds
            else:
                result = (result or holds) if link.startswith("OR") else (result and holds)
        return result is not False

    def _holds(self, row: dict[int, Any], criterion: dict[str, str]) -> bool:
        number, kind, value = int(criterion["field"]), criterion["searchtype"], criterion["value"]
        held = row[number]
        if kind == "morethan":
            return held is not None and held.astimezone(self.zone).strftime(FORMAT) > value
        if kind == "under":
            return int(value) in self.lineage(self.categories, row["category"])  # type: ignore[index]
        if kind == "contains" and number == 2:
            operator, bound = value[:2], int(value[2:])
            return bool(held >= bound if operator == ">=" else held <= bound)
        if kind == "contains":
            pattern = re.escape(value.strip("^$"))
            pattern = ("^" if value[0] == "^" else "") + pattern
            return bool(re.search(pattern + ("$" if value[-1] == "$" else ""), str(held), re.I))
        if number == 12 and value == "old":
            return held in (5, 6)
        return str(held) == value

    def _items(self, request: Request, session: Session, parts: list[str]) -> Reply:
        itemtype = parts[-1] if len(parts) == 3 or len(parts) == 1 else parts[0]
        if request.method == "GET" and itemtype in ("ITILFollowup", "ITILSolution"):
            if itemtype == "ITILFollowup" and not session.account.followup & SEE_FOLLOWUPS:
                said = "Vous n'avez pas les droits requis pour réaliser cette action."
                return error(403, "ERROR_RIGHT_MISSING", said)
            rows = [
                note
                for note in self.notes
                if note["kind"] == itemtype and note["ticket"] == int(parts[1])
            ]
            if request.query.get("order") == "DESC":
                rows.reverse()
            return json_reply(rows)
        if request.method == "GET" and parts[0] == "Ticket" and len(parts) == 2:
            return json_reply(
                {"id": int(parts[1]), "name": self._shown(self.tickets[int(parts[1])]["name"])}
            )
        if request.method == "GET" and itemtype == "Ticket_User":
            return json_reply(self._actors(int(parts[1])))
        wanted = request.json()["input"]
        if request.method == "POST":
            return self._create(session.account, itemtype, wanted)
        if request.method == "PUT" and itemtype == "Ticket":
            return self._update(session.account, int(parts[1]), wanted)
        return error(405, "ERROR_METHOD_NOT_ALLOWED", "Method Not Allowed")

    def _actors(self, number: int) -> list[dict[str, Any]]:
        ticket = self.tickets[number]
        return [
            {
                "tickets_id": number,
                "users_id": who if isinstance(who, int) else 0,
                "type": kind,
                "alternative_email": "" if isinstance(who, int) else who,
            }
            for kind, people in ((1, ticket["requesters"]), (2, ticket["owners"]))
            for who in people
        ]

    def _create(self, account: Account, itemtype: str, wanted: dict[str, Any]) -> Reply:
        number = int(wanted.get("items_id") or wanted.get("tickets_id") or 0)
        ticket = self.tickets.get(number)
        may = account.followup & 4096 if itemtype == "ITILFollowup" else account.ticket & 2
        if ticket is None or not may:
            said = "Vous n'avez pas les droits requis pour réaliser cette action."
            return error(400, "ERROR_GLPI_ADD", escaped(f"<b>{said}</b>"))
        if itemtype == "Ticket_User":
            if wanted["users_id"] in ticket["owners"] or wanted["users_id"] not in self.people:
                return error(400, "ERROR_GLPI_ADD", "")
            owners = [*ticket["owners"], wanted["users_id"]]
            self.change(number, owners=owners, status=max(2, ticket["status"]))
            return json_reply({"id": 77, "message": ""}, 201)
        if ticket["status"] == 6:
            return error(400, "ERROR_GLPI_ADD", "")
        id = self.note(number, itemtype, account.user, wanted["content"])
        return json_reply({"id": id, "message": escaped("<a>Élément ajouté</a>")}, 201)

    def _update(self, account: Account, number: int, wanted: dict[str, Any]) -> Reply:
        ticket = self.tickets.get(number)
        if ticket is None:
            return error(404, "ERROR_ITEM_NOT_FOUND", "Élément introuvable")
        if not account.ticket & 2 or ticket["status"] == 6:
            return recorded("22d_update_closed")
        if "_actors" in wanted:
            ticket["requesters"] = []
        fields = {"status": "status", "itilcategories_id": "category"}
        changes = {fields[name]: value for name, value in wanted.items() if name in fields}
        if changes and not self.ignores_changes:
            self.change(number, **changes)
        return json_reply([{str(number): True, "message": ""}])

    # -- how it shows things -----------------------------------------------------

    def path(self, tree: dict[int, dict[str, Any]], number: int) -> str:
        """The names from the root down."""
        return " > ".join(tree[n]["name"] for n in reversed(self.lineage(tree, number)))

    @staticmethod
    def lineage(tree: dict[int, dict[str, Any]], number: int | None) -> list[int]:
        """A node and those above it."""
        found = []
        while number is not None:
            found.append(number)
            number = tree[number].get("parent")
        return found

    def _shown(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return value.astimezone(self.zone).strftime(FORMAT)
        if isinstance(value, list):
            return [self._shown(each) for each in value]
        return escaped(value) if isinstance(value, str) and self.version == 10 else value


def several(values: list[Any]) -> Any:
    """One as itself, several as a list, none as null; numbers as text."""
    texts = [None if value is None else str(value) for value in values]
    return texts if len(texts) > 1 else (texts[0] if texts else None)


def escaped(text: str) -> str:
    """As GLPI 10 stores what it is given."""
    return text.replace("&", "&#38;").replace("<", "&#60;").replace(">", "&#62;")


def error(status: int, code: str, text: str) -> Reply:
    return json_reply([code, text], status)


def nested(query: dict[str, str]) -> dict[str, Any]:
    """A query as PHP reads it."""
    tree: dict[str, Any] = {}
    for name, value in query.items():
        first, *keys = re.findall(r"[^\[\]]+", name)
        node = tree
        for key in [first, *keys][:-1]:
            node = node.setdefault(key, {})
        node[[first, *keys][-1]] = value
    return tree


def recorded(name: str) -> Reply:
    """An answer of a real GLPI 10."""
    head, _blank, body = (RECORDINGS / f"{name}.http").read_bytes().partition(b"\r\n\r\n")
    if not body:
        head, _blank, body = head.partition(b"\n\n")
    status, *lines = head.decode().splitlines()
    headers = {
        name.strip(): value.strip()
        for name, _colon, value in (line.partition(":") for line in lines)
    }
    kind = next(value for name, value in headers.items() if name.lower() == "content-type")
    kept = ("content-range", "accept-range", "location")
    shown = {name: value for name, value in headers.items() if name.lower() in kept}
    return Reply(int(status.split()[1]), body.rstrip(b"\r\n"), kind, shown)
