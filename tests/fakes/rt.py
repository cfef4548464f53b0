"""A Request Tracker that answers as REST 2.0 of version 5.0.3 was seen to answer."""

from __future__ import annotations

import base64
import json
import re
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote
from zoneinfo import ZoneInfo

from tests.fakes.misbehaving import Reply, Request, json_reply

CAP = 100
INACTIVE = {"resolved", "rejected", "terminé", "refusé"}
LIFECYCLE = ["new", "open", "stalled", "resolved", "rejected", "groupe de travail", "terminé"]
NAMES = {"agent1": "Agent Un"}
SENTENCE = "Ticket {number}: Permission Denied"


class FakeRt:
    """Queues, tickets and accounts; call it with a request to get the answer.

    `accounts` maps a login to its number, password, zone, queues, and whether it may write.
    """

    def __init__(self) -> None:
        both = {"Assistance", "Catalogue"}
        self.accounts: dict[str, tuple[int, str, str, set[str], bool]] = {
            "lecture": (27, "a-password", "UTC", both, False),
            "agir": (29, "b-password", "UTC", both, True),
            "paris": (31, "c-password", "Europe/Paris", both, False),
            "sansfuseau": (32, "d-password", "", both, False),
            "ailleurs": (33, "e-password", "UTC", set(), False),
        }
        self.tickets: dict[int, dict[str, Any]] = {}
        self.said: list[dict[str, Any]] = []
        self.last_transaction = 100
        # RT tells a total only to accounts that may see all.
        self.tells_total = True
        self.checks = 0
        self.sessions: dict[str, str] = {}
        self.swallows = False
        # Queues whose lifecycle has transitions and no actions: RT offers no next status then.
        self.without_actions: set[str] = set()
        self.own_lifecycle = {"demandé", "à valider", "livré", "sans suite", "deleted"}
        # Accounts without the right ShowTicketComments.
        self.deaf: set[str] = set()
        self.inactive = set(INACTIVE)
        self._lock = threading.Lock()

    def token(self, login: str) -> str:
        return f"1-{self.accounts[login][0]}-{'f' * 32}"

    def add(self, queue: str = "Assistance", status: str = "open", **fields: Any) -> int:
        """Add a ticket and return its number."""
        number = max(self.tickets, default=0) + 1
        self.last_transaction += 1
        self.tickets[number] = {
            "queue": queue,
            "Status": status,
            "Subject": f"Imprimante {number} muette",
            "Priority": "0",
            "Created": datetime(2026, 11, 1, 8, tzinfo=UTC),
            "LastUpdated": datetime.now(UTC) - timedelta(hours=5),
            "Due": "1970-01-01T00:00:00Z",
            "Owner": ("agent1", "Agent Un"),
            # A name that begins with a sharp is a group's, whose number is the first.
            "Requestor": [("mairie@example.org", "")],
            "LastUpdatedBy": "root",
            "Creation": self.last_transaction,
            "CustomFields": {"Code INSEE": [str(17000 + number)], "Prestataire": []},
            "transaction": self.last_transaction,
            **fields,
        }
        return number

    def touch(self, number: int, by: str = "root", **fields: Any) -> None:
        """Change a ticket as somebody else would."""
        self.last_transaction += 1
        fields = {"LastUpdatedBy": by, **fields}
        changes = (*self.tickets[number].get("changes", ()), self.last_transaction)
        self.tickets[number] |= {
            "LastUpdated": datetime.now(UTC),
            "transaction": self.last_transaction,
            "changes": changes,
            **fields,
        }

    def __call__(self, request: Request) -> Reply:
        if request.path == "/NoAuth/Login.html":
            return self._login(request)
        login = self._who(request)
        if login is None:
            if "cookie" in request.headers:
                return Reply(302, b"Login required", "text/plain", {"Location": "/"})
            return json_reply({"message": "Unauthorized"}, 401)
        if "if-modified-since" in request.headers:
            return Reply(500, b"")
        with self._lock:
            return self._answer(request, login, request.path.removeprefix("/REST/2.0"))

    def _login(self, request: Request) -> Reply:
        form = {name: each[0] for name, each in parse_qs(request.body.decode()).items()}
        known = self.accounts.get(form["user"])
        session = f"{len(self.sessions):032x}"
        # A wrong password gets a session as well, which is nobody's.
        self.sessions[session] = form["user"] if known and known[1] == form["pass"] else ""
        cookie = f"RT_SID_smic.80={session}; path=/; HttpOnly"
        return Reply(200, b"<html>Login</html>", "text/html", {"Set-Cookie": cookie})

    def _who(self, request: Request) -> str | None:
        found = re.search(r"RT_SID_smic\.80=(\w+)", request.headers.get("cookie", ""))
        if found and self.sessions.get(found[1]):
            return self.sessions[found[1]]
        self.checks += 1
        scheme, _blank, value = request.headers.get("authorization", "").partition(" ")
        for login, (_number, password, *_rest) in self.accounts.items():
            basic = base64.b64encode(f"{login}:{password}".encode()).decode()
            if (scheme, value) in (("token", self.token(login)), ("Basic", basic)):
                return login
        return None

    def _answer(self, request: Request, login: str, path: str) -> Reply:
        _number, _password, zone, sees, writes = self.accounts[login]
        if path == "/rt":
            return json_reply({"Version": "5.0.3+dfsg-3~deb12u6"})
        if found := re.fullmatch(r"/user/(.+)", path):
            for name, known in self.accounts.items():
                if found[1] in (name, str(known[0])):
                    return json_reply({"id": known[0], "Name": name, "Timezone": known[2]})
        if path == "/tickets":
            return self._search(request, zone, sees, writes)
        if found := re.fullmatch(r"/queue/(.+)", path):
            name = unquote(found[1])
            if name not in sees:
                return json_reply({"message": "Forbidden"}, 403)
            lifecycle = "sans actions" if name in self.without_actions else "default"
            return json_reply({"Name": name, "Lifecycle": lifecycle})
        if found := re.fullmatch(r"/ticket/(\d+)(/\w+)?", path):
            number = int(found[1])
            ticket = self.tickets.get(number)
            if ticket is None:
                return json_reply({"message": "Not Found"}, 404)
            if ticket["queue"] not in sees:
                return json_reply({"message": "Forbidden"}, 403)
            if found[2] == "/attachments":
                return self._attachments(number, login)
            if request.method == "GET":
                return self._ticket(number, login, writes)
            if request.method == "PUT":
                return self._put(request, number, login, writes)
            return self._say(request, number, login, writes, (found[2] or "")[1:])
        if found := re.fullmatch(r"/transaction/(\d+)", path):
            type_ = next(each["Type"] for each in self.said if each["TransactionId"] == found[1])
            if login in self.deaf and type_ == "Comment":
                return json_reply({"message": "Forbidden"}, 403)
            return json_reply({"id": int(found[1]), "Type": type_})
        return json_reply({"message": "Not Found"}, 404)

    def _search(self, request: Request, zone: str, sees: set[str], writes: bool) -> Reply:
        query = request.query["query"]
        # A queue or status that does not exist matches nothing, without a word.
        queues = {
            re.sub(r"\\(.)", r"\1", name)
            for name in re.findall(r"Queue = '((?:[^'\\]|\\.)*)'", query)
        } or sees
        found = {
            number: each
            for number, each in sorted(self.tickets.items())
            if each["queue"] in queues & sees and each["Status"] != "deleted"
        }
        if state := re.search(r"Status = '__(\w+)__'", query):
            wanted = state[1] == "Inactive"
            found = {n: t for n, t in found.items() if (t["Status"] in self.inactive) is wanted}
        for other in re.findall(r"Status != '([^']*)'", query):
            found = {n: t for n, t in found.items() if t["Status"] != other}
        if least := re.search(r"LastUpdated >= '([^']*)'", query):
            since = _as_rt_reads(least[1], zone or "Europe/Paris")
            found = {n: t for n, t in found.items() if t["LastUpdated"] >= since}
        if shown := re.search(r"Owner\.RealName = '([^']*)'", query):
            name = shown[1].casefold()
            found = {n: t for n, t in found.items() if t["Owner"][1].casefold() == name}
        if after := re.search(r"\bid > (\d+)", query):
            found = {n: t for n, t in found.items() if n > int(after[1])}
        if exact := re.findall(r"\bid = (\d+)", query):
            found = {n: t for n, t in found.items() if str(n) in exact}
        if least_number := re.search(r"\bid >= (\d+)", query):
            found = {n: t for n, t in found.items() if n >= int(least_number[1])}
        if most := re.search(r"\bid <= (\d+)", query):
            found = {n: t for n, t in found.items() if n <= int(most[1])}
        numbers = sorted(found, reverse=request.query.get("order") == "DESC")
        size = min(int(request.query.get("per_page", 20)), CAP)
        first = (int(request.query.get("page", 1)) - 1) * size
        items = [
            self._item(number, request.query, writes) for number in numbers[first : first + size]
        ]
        total = len(numbers) if self.tells_total else None
        return json_reply({"items": items, "total": total, "count": len(items), "per_page": size})

    def _item(self, number: int, asked: dict[str, str], writes: bool) -> dict[str, Any]:
        plain = {"id": str(number), "type": "ticket", "_url": f"/ticket/{number}"}
        if "fields" not in asked:
            return plain
        names = "Name" in asked.get("fields[Requestor]", "").split(",")
        ticket = self.tickets[number]
        owner, name = ticket["Owner"]
        every = {
            "Subject": ticket["Subject"],
            "Status": ticket["Status"],
            "Priority": ticket["Priority"],
            "Created": _text(ticket["Created"]),
            "LastUpdated": _text(ticket["LastUpdated"]),
            "Due": ticket["Due"],
            "Queue": {"id": "3", "type": "queue", "Name": ticket["queue"]},
            "Owner": {"id": owner, "type": "user", "RealName": name},
            "Requestor": [
                {
                    "id": who,
                    "type": "group" if called.startswith("#") else "user",
                    "RealName": "" if called.startswith("#") else called,
                    **({"Name": called.removeprefix("#") or who} if names else {}),
                }
                for who, called in ticket["Requestor"]
            ],
            "_hyperlinks": self._links(number, writes),
            "CustomFields": [
                {"id": str(id), "name": name, "values": values}
                for id, (name, values) in enumerate(ticket["CustomFields"].items(), 2)
            ],
        }
        return plain | {name: every[name] for name in asked["fields"].split(",")}

    def _links(self, number: int, writes: bool) -> list[dict[str, Any]]:
        ticket = self.tickets[number]
        links = [{"ref": "self"}, {"ref": "history"}]
        if writes:
            links += [{"ref": "comment"}, {"ref": "correspond"}]
        if writes and ticket["queue"] not in self.without_actions:
            links += [
                {"ref": "lifecycle", "from": ticket["Status"], "to": to}
                for to in LIFECYCLE
                if to != ticket["Status"]
            ]
        return links

    def _ticket(self, number: int, login: str, writes: bool) -> Reply:
        ticket = self.tickets[number]
        body = {
            "id": number,
            "Status": ticket["Status"],
            "LastUpdated": _text(ticket["LastUpdated"]),
            "LastUpdatedBy": {"type": "user", "id": ticket["LastUpdatedBy"]},
            "_hyperlinks": self._links(number, writes),
        }
        return json_reply(body, ETag=f'"{self._last_seen(number, login)}"')

    def _lifecycle(self, queue: str) -> set[str]:
        """The statuses of a queue; one without actions has a lifecycle of its own."""
        return self.own_lifecycle if queue in self.without_actions else set(LIFECYCLE)

    def _last_seen(self, number: int, login: str) -> int:
        """The last transaction that the account may see: its own comment, maybe, is none."""
        ticket = self.tickets[number]
        if login not in self.deaf:
            return int(ticket["transaction"])
        hidden = {
            int(each["TransactionId"])
            for each in self.said
            if each["ticket"] == number and each["Type"] == "Comment"
        }
        return max(
            int(each)
            for each in (ticket["Creation"], *ticket.get("changes", ()))
            if each not in hidden
        )

    def _put(self, request: Request, number: int, login: str, writes: bool) -> Reply:
        ticket = self.tickets[number]
        version = f'"{self._last_seen(number, login)}"'
        if request.headers.get("if-match", version) != version:
            return json_reply({"message": "Precondition Failed"}, 412)
        if not writes:
            return json_reply([SENTENCE.format(number=number)])
        said = []
        for name, value in request.json().items():
            if name == "Status" and value not in self._lifecycle(ticket["queue"]):
                said.append(f"Ticket {number}: Status '{value}' isn't a valid status.")
            elif name == "Owner" and value not in {*self.accounts, "agent1"}:
                said.append(f"Ticket {number}: Owner '{value}' could not be loaded")
            elif self.swallows or name not in ("Status", "Owner"):
                continue
            else:
                owner = (value, NAMES.get(value, value))
                self.touch(number, login, **{name: owner if name == "Owner" else value})
                said.append(f"Ticket {number}: {name} changed to '{value}'")
        return json_reply(said)

    def _say(self, request: Request, number: int, login: str, writes: bool, how: str) -> Reply:
        body = request.json()
        if "ContentType" not in body:
            message = "ContentType is a required field for application/json"
            return json_reply({"message": message}, 400)
        if not writes:
            return json_reply({"message": "Permission Denied"}, 400)
        self.touch(number, login)
        self.said.append(
            {
                "ticket": number,
                "id": str(1000 + len(self.said)),
                "TransactionId": str(self.last_transaction),
                "Creator": {"id": login, "type": "user"},
                "Content": body["Content"],
                "ContentType": "text/plain",
                "Type": how.capitalize(),
            }
        )
        where = f"/REST/2.0/transaction/{self.last_transaction}"
        return json_reply(["Comments added"], 201, Location=where)

    def _attachments(self, number: int, login: str) -> Reply:
        hidden = ("ticket", "Type")
        items = [
            {name: value for name, value in each.items() if name not in hidden}
            for each in reversed(self.said)
            if each["ticket"] == number and not (login in self.deaf and each["Type"] == "Comment")
        ]
        return json_reply({"items": items[:CAP], "total": None, "count": len(items)})


def _as_rt_reads(text: str, zone: str) -> datetime:
    """A time in a question: naive in the account's zone; with T and Z it is 1970 or so."""
    try:
        naive = datetime.strptime(text, "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return datetime(1970, 1, 1, tzinfo=UTC)
    return naive.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rewritten(reply: Reply, change: Any) -> Reply:
    """The answer with its JSON changed."""
    value = json.loads(reply.body)
    change(value)
    return json_reply(value, reply.status)
