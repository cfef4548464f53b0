"""The icinga2 kind against a server that answers as Icinga 2.13 does."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.icinga2.adapter import Icinga2Adapter
from adapters.icinga2.options import Icinga2Options
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed, BadAnswer, SourceError, Unavailable
from smic_tui.contract.secret import Secret
from smic_tui.records import HealthState
from tests.fakes.icinga2 import READER, FakeIcinga
from tests.fakes.misbehaving import CERTS, MisbehavingServer, Mode, Reply
from tests.fakes.reading import failure, read

Make = Callable[..., Icinga2Adapter]


@pytest.fixture
def icinga() -> FakeIcinga:
    fake = FakeIcinga()
    for code in range(17001, 17007):
        fake.add_host(f"r-{code}", vars={"insee": str(code), "site": {"code": float(code)}})
        fake.add_service(f"r-{code}", "disque")
    return fake


@pytest.fixture
def server(icinga: FakeIcinga) -> Iterator[MisbehavingServer]:
    with MisbehavingServer(icinga, drip_interval=0.02) as server:
        yield server


@pytest.fixture
async def make(server: MisbehavingServer) -> AsyncIterator[Make]:
    made: list[Icinga2Adapter] = []

    def make(password: str = "word", **options: Any) -> Icinga2Adapter:
        secret: dict[str, Any] = {"user": "smic", "password": {"env": "ICINGA"}}
        settings = {"url": server.url, "request_timeout": "1s", **secret, **options}

        def reveal(wanted: Secret) -> str:
            assert wanted.env == "ICINGA"
            return password

        context = Context(source="supervision", folder=CERTS, timezone="UTC", secret=reveal)
        made.append(Icinga2Adapter(msgspec.convert(settings, Icinga2Options), context))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()


def sent(server: MisbehavingServer, path: str) -> dict[str, Any]:
    request = [request for request in server.requests if request.path == path][-1]
    assert request.method == "POST"
    assert request.headers["x-http-method-override"] == "GET"
    body: dict[str, Any] = request.json()
    return body


async def test_hosts_and_services_become_health(make: Make, icinga: FakeIcinga) -> None:
    at = 1795500589.25
    icinga.add_host("r-17006", 1, last_check=at, last_state_change=at - 60)
    icinga.hosts["r-17006"]["last_check_result"] |= {
        "output": "CRITICAL – délai dépassé",
        "execution_end": at,
    }
    reading = await read(make())
    assert reading.full
    assert len(reading.rows) == 12
    down = reading.rows["r-17006"]
    assert down.state is HealthState.DOWN
    assert down.output == "CRITICAL – délai dépassé"
    assert down.since == datetime.fromtimestamp(at - 60, UTC)
    assert down.checked == datetime.fromtimestamp(at, UTC)
    service = reading.rows["r-17001!disque"]
    assert (service.host, service.service, service.site) == ("r-17001", "disque", "r-17001")


@pytest.mark.parametrize(
    ("host", "service", "expected"),
    [
        ({"state": 0}, None, "up"),
        ({"state": 1}, None, "down"),
        ({"state": 1, "last_reachable": False}, None, "unreachable"),
        ({"state": 1, "last_check": -1, "last_check_result": None}, None, "pending"),
        (None, {"state": 0}, "ok"),
        (None, {"state": 1}, "warning"),
        (None, {"state": 2}, "critical"),
        (None, {"state": 3}, "unknown"),
        (None, {"state": 3, "last_check": -1, "last_check_result": None}, "pending"),
    ],
)
async def test_states(
    make: Make,
    icinga: FakeIcinga,
    host: dict[str, Any] | None,
    service: dict[str, Any] | None,
    expected: str,
) -> None:
    icinga.hosts["r-17001"] |= host or {}
    icinga.services["r-17001!disque"] |= service or {}
    reading = await read(make())
    key = "r-17001" if host else "r-17001!disque"
    assert reading.rows[key].state == expected


async def test_a_state_that_never_changed_has_no_beginning(make: Make, icinga: FakeIcinga) -> None:
    """`last_state_change` may be 0."""
    icinga.hosts["r-17001"] |= {
        "last_state_change": 0,
        "last_hard_state_change": 0,
        "last_check": -1,
        "last_check_result": None,
    }
    record = (await read(make())).rows["r-17001"]
    assert record.since is None
    assert record.checked is None
    assert record.output == ""


async def test_acknowledgements_and_downtimes(make: Make, icinga: FakeIcinga) -> None:
    icinga.hosts["r-17001"] |= {"state": 1, "acknowledgement": 2}
    icinga.services["r-17002!disque"] |= {"downtime_depth": 2}
    health = (await read(make())).rows
    assert (health["r-17001"].acknowledged, health["r-17001"].downtime) == (True, False)
    service = health["r-17002!disque"]
    assert (service.acknowledged, service.downtime) == (False, True)


async def test_queries_are_posts_that_stand_for_gets(make: Make, server: MisbehavingServer) -> None:
    """httpx encodes spaces in params as `+`, which Icinga does not decode, and the syntax error
    comes back as **404 "No objects found"**: POST with `X-HTTP-Method-Override: GET` and a JSON
    body."""
    adapter = make(filter='host.name == "r-17001" || host.name == "r-17002"')
    assert set((await read(adapter)).rows) == {
        "r-17001",
        "r-17002",
        "r-17001!disque",
        "r-17002!disque",
    }
    for kind in ("hosts", "services"):
        assert "r-17001" in sent(server, f"/v1/objects/{kind}")["filter"]
    # The server does fall into the trap when it is laid.
    async with adapter._session().signed_in():
        answer = await adapter._session().request(
            "GET", "/v1/objects/hosts", params={"filter": 'host.name == "r-17001"'}, expect=(404,)
        )
    assert b"No objects found" in answer.body


async def test_only_the_needed_attributes_are_asked_for(
    make: Make, server: MisbehavingServer
) -> None:
    """700 hosts in full: 1.57 MB (gzip would be 69 kB, but it sends none, nor ETag); with 6
    `attrs` 152 kB"""
    await read(make())
    attrs = sent(server, "/v1/objects/hosts")["attrs"]
    assert "last_check_result" in attrs
    assert "vars" not in attrs
    assert len(attrs) <= 14
    await read(make(site="vars.insee"))
    assert "vars" in sent(server, "/v1/objects/hosts")["attrs"]


@pytest.mark.parametrize("right", READER[:2])
async def test_a_missing_right_is_not_taken_for_nothing_there(
    make: Make, icinga: FakeIcinga, right: str
) -> None:
    """Missing permission and unknown object are the same 404"""
    icinga.users["smic"][1].remove(right)
    error = await failure(make(), AuthFailed)
    assert right in error.message
    assert "permissions" in error.hint


async def test_rights_are_proven_at_each_reading(make: Make, icinga: FakeIcinga) -> None:
    adapter = make()
    await read(adapter)
    icinga.users["smic"] = ("word", ["status/query"])
    await failure(adapter, AuthFailed)


async def test_wildcards_and_narrowed_rights_count(make: Make, icinga: FakeIcinga) -> None:
    icinga.users["smic"] = ("word", ["*"])
    assert len((await read(make())).rows) == 12
    icinga.users["smic"] = ("word", ["objects/query/Host (filtered)", *READER[1:]])
    icinga.hidden_by_rights = set(icinga.hosts)
    assert len((await read(make())).rows) == 6


async def test_an_empty_answer_that_icingas_own_counts_contradict_is_refused(
    make: Make, icinga: FakeIcinga
) -> None:
    """an empty answer may mean "not allowed"."""
    icinga.hidden_by_rights = set(icinga.hosts)
    error = await failure(make(), BadAnswer)
    assert "6 hosts" in error.message


async def test_a_valid_empty_answer_is_nothing(make: Make, icinga: FakeIcinga) -> None:
    """a valid empty filter is 200 `[]`."""
    reading = await read(make(filter='host.name == "elsewhere"'))
    assert reading.rows == {}
    assert reading.full
    icinga.hosts.clear()
    icinga.services.clear()
    assert (await read(make())).rows == {}


async def test_a_wrong_filter_is_told_apart_from_nothing(make: Make) -> None:
    error = await failure(make(filter="host.name == "), BadAnswer)
    assert "host.name ==" in error.hint
    assert b"No objects found" in error.excerpt


async def test_only_what_was_checked_since_is_read_again(
    make: Make, icinga: FakeIcinga, server: MisbehavingServer
) -> None:
    """Incremental: filter on last_state_change or last_check."""
    adapter = make()
    first = await read(adapter)
    icinga.check("r-17003", 1, "down")
    icinga.check("r-17004!disque", 2, "full")
    before = adapter._session().bytes_received
    second = await read(adapter, first.cursor)
    assert not second.full
    assert set(second.rows) == {"r-17003", "r-17004!disque"}
    assert second.rows["r-17003"].state is HealthState.DOWN
    assert adapter._session().bytes_received - before < 4000
    since = sent(server, "/v1/objects/hosts")["filter_vars"]["since"]
    assert 60 <= time.time() - since <= 180  # an overlap, for results that come late


async def test_new_flags_are_seen_before_the_next_check(make: Make, icinga: FakeIcinga) -> None:
    adapter = make()
    cursor = (await read(adapter)).cursor
    icinga.hosts["r-17001"]["acknowledgement"] = 1
    icinga.services["r-17002!disque"]["downtime_depth"] = 1
    reading = await read(adapter, cursor)
    assert set(reading.rows) == {"r-17001", "r-17002!disque"}
    assert not reading.full


@pytest.mark.parametrize("what", ["gone", "flag fell", "restarted", "clock set back", "new"])
async def test_what_no_filter_can_show_leads_to_a_full_reading(
    make: Make, icinga: FakeIcinga, what: str
) -> None:
    """`/v1/status/CIB` 1.3 kB tells whether anything changed."""
    icinga.hosts["r-17001"]["acknowledgement"] = 1
    adapter = make()
    cursor = (await read(adapter)).cursor
    assert not (await read(adapter, cursor)).full
    if what == "gone":
        del icinga.services["r-17001!disque"]
    elif what == "flag fell":
        icinga.hosts["r-17001"]["acknowledgement"] = 0
    elif what == "restarted":
        icinga.started += 3600
    elif what == "new":
        icinga.add_host("r-17999", last_check=-1)
    else:
        icinga.started -= 86400
        moved = icinga.now() - 7200
        icinga.now = lambda: moved
    reading = await read(adapter, cursor)
    assert reading.full
    assert ("r-17001!disque" in reading.rows) is (what != "gone")


async def test_equal_counts_do_not_stop_the_reading(make: Make, icinga: FakeIcinga) -> None:
    icinga.check("r-17001", 1)
    adapter = make()
    cursor = (await read(adapter)).cursor
    counts = icinga._cib() | {"uptime": 0}
    icinga.check("r-17001", 0)
    icinga.check("r-17002", 1)
    assert icinga._cib() | {"uptime": 0} == counts
    states = {key: record.state for key, record in (await read(adapter, cursor)).rows.items()}
    assert states == {"r-17001": HealthState.UP, "r-17002": HealthState.DOWN}


async def test_a_new_process_reads_all_and_a_strange_cursor_too(make: Make) -> None:
    adapter = make()
    cursor = (await read(adapter)).cursor
    assert not (await read(adapter, cursor)).full
    assert (await read(adapter, "of an older version")).full
    assert (await read(make(), cursor)).full


async def test_a_frozen_checker_behind_a_living_api_is_unavailable(
    make: Make, icinga: FakeIcinga
) -> None:
    adapter = make()
    cursor = (await read(adapter)).cursor
    icinga.checking = False
    real = time.time
    icinga.now = lambda: real() + 3600
    with pytest.raises(Unavailable) as raised:
        await read(adapter, cursor)
    assert "65 minutes" in raised.value.message
    assert "checker" in raised.value.hint
    assert any("15 minutes" in remark for remark in (await adapter.probe()).remarks)
    icinga.checking = True
    assert (await read(adapter, cursor)).rows == {}


async def test_without_the_right_to_ask_for_status_it_still_works(
    make: Make, icinga: FakeIcinga
) -> None:
    icinga.users["smic"][1].remove("status/query")
    adapter = make()
    first = await read(adapter)
    assert len(first.rows) == 12
    icinga.check("r-17001", 1)
    assert set((await read(adapter, first.cursor)).rows) == {"r-17001"}
    assert "status/query" in (await adapter.probe()).remarks[-1]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("host name", "r-17001"),
        ("display name", "Mairie de r-17001"),
        ("vars.insee", "17001"),
        ("vars.site.code", "17001"),
        (r"^r-(?P<site>\d{5})$", "17001"),
        ("vars.absent", "Mairie de r-17001"),
        ("vars.insee.deeper", "Mairie de r-17001"),
        (r"^x-(?P<site>\d{5})$", "Mairie de r-17001"),
    ],
)
async def test_a_host_tells_its_site(make: Make, rule: str, expected: str) -> None:
    health = (await read(make(site=rule))).rows
    assert health["r-17001"].site == expected
    assert health["r-17001!disque"].site == expected


@pytest.mark.parametrize(
    ("options", "host", "service"),
    [
        ({}, "", ""),
        (
            {"web_url": "https://web/icingaweb2/"},
            "https://web/icingaweb2/icingadb/host?name=a%20b",
            "https://web/icingaweb2/icingadb/service?name=c%2Fd&host.name=a%20b",
        ),
        (
            {"web_url": "https://web", "web_module": "monitoring"},
            "https://web/monitoring/host/show?host=a%20b",
            "https://web/monitoring/service/show?host=a%20b&service=c%2Fd",
        ),
    ],
)
async def test_records_lead_to_the_web_interface(
    make: Make, icinga: FakeIcinga, options: dict[str, str], host: str, service: str
) -> None:
    icinga.add_host("a b")
    icinga.add_service("a b", "c/d")
    health = (await read(make(**options))).rows
    assert health["a b"].url == host
    assert health["a b!c/d"].url == service


async def test_rows_that_cannot_be_read_are_set_aside(make: Make, icinga: FakeIcinga) -> None:
    icinga.hosts["r-17001"]["state"] = 7
    icinga.hosts["r-17002"]["last_check"] = "yesterday"
    icinga.services["r-17003!disque"]["last_state_change"] = 1e300
    reading = await read(make())
    assert len(reading.rows) == 9
    assert len(reading.rejected) == 3
    assert "r-17002" in reading.rejected[1].sample
    assert "yesterday" in reading.rejected[1].sample


async def test_one_changed_object_that_cannot_be_read_does_not_fail_the_source(
    make: Make, icinga: FakeIcinga
) -> None:
    adapter = make()
    cursor = (await read(adapter)).cursor
    icinga.check("r-17001", 0)
    icinga.hosts["r-17001"]["last_state_change"] = 1e300
    reading = await read(adapter, cursor)
    assert reading.rows == {}
    assert len(reading.rejected) == 1


async def test_a_clock_that_is_no_time_is_a_bad_answer(make: Make, icinga: FakeIcinga) -> None:
    icinga.now = lambda: 1e300
    await failure(make(), BadAnswer)


async def test_an_answer_in_which_nothing_can_be_read_deletes_nothing(
    make: Make, icinga: FakeIcinga
) -> None:
    for attrs in icinga.hosts.values():
        attrs["state"] = "up"
    await failure(make(), BadAnswer)


async def test_hostile_output_arrives_whole_for_the_sanitiser(
    make: Make, icinga: FakeIcinga
) -> None:
    output = "\x1b]52;c;YQ==\x07 [@click=app.quit]x[/] \u202e \x00"
    icinga.check("r-17001", 1, output)
    assert (await read(make())).rows["r-17001"].output == output


async def test_many_objects_come_in_several_batches(make: Make, icinga: FakeIcinga) -> None:
    for number in range(1200):
        icinga.add_host(f"n-{number}")
    batches = (await read(make())).batches
    assert max(len(batch.upserts) for batch in batches) <= 500
    assert sum(len(batch.upserts) for batch in batches) == 1212


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        (Mode.STOPPED, Unavailable),
        (Mode.FROZEN, Unavailable),
        (Mode.STATUS500, Unavailable),
        (Mode.HTML, BadAnswer),
        (Mode.TRUNCATED, BadAnswer),
        (Mode.CUT, Unavailable),
        (Mode.DRIP, Unavailable),
    ],
)
async def test_trouble_is_told_and_survived(
    make: Make, server: MisbehavingServer, mode: Mode, kind: type[SourceError]
) -> None:
    adapter = make()
    cursor = (await read(adapter)).cursor
    server.mode = mode
    async with asyncio.timeout(30):
        await failure(adapter, kind)
    server.mode = Mode.OK
    assert (await read(adapter, cursor)).cursor


async def test_bad_credentials(make: Make) -> None:
    error = await failure(make(password="wrong-word"), AuthFailed)
    assert "401" in error.message
    assert "wrong-word" not in f"{error} {error.hint}"


async def test_its_own_authority_and_the_name_in_its_certificate(icinga: FakeIcinga) -> None:
    """Certificates name a host: pin the CA and set the server name when connecting by address."""
    with MisbehavingServer(icinga, certificate=CERTS / "server.pem") as secure:

        def adapter(**options: str) -> Icinga2Adapter:
            settings = {"url": secure.url, "user": "smic", "password": {"env": "X"}, **options}
            context = Context(source="s", folder=CERTS, timezone="UTC", secret=lambda _: "word")
            return Icinga2Adapter(msgspec.convert(settings, Icinga2Options), context)

        assert "ca_file" in (await failure(adapter(), Unavailable)).hint
        assert "server_name" in (await failure(adapter(ca_file="ca.pem"), Unavailable)).hint
        right = adapter(ca_file="ca.pem", server_name="monitoring.example")
        assert len((await read(right)).rows) == 12
        await right.close()


async def test_probe_tells_version_account_clock_and_too_many_rights(
    make: Make, icinga: FakeIcinga
) -> None:
    real = time.time
    icinga.now = lambda: real() + 90
    probe = await make().probe()
    assert (probe.version, probe.account, probe.remarks) == ("r2.13.6-1", "smic", ())
    assert probe.remote_time is not None
    assert 85 < (probe.remote_time - datetime.now(UTC)).total_seconds() < 95
    icinga.users["smic"] = ("word", ["*"])
    assert "more than read" in (await make().probe()).remarks[0]
    icinga.users["smic"] = ("word", [])
    with pytest.raises(AuthFailed):
        await make().probe()


@pytest.mark.parametrize("path", ["/v1", "/v1/status/CIB", "/v1/status/IcingaApplication"])
@pytest.mark.parametrize("body", [b'{"results": []}', b'{"results": [{}, 1]}', b'{"results": [7]}'])
async def test_a_status_in_another_form_is_a_bad_answer(
    make: Make, icinga: FakeIcinga, server: MisbehavingServer, path: str, body: bytes
) -> None:
    server.respond = lambda request: Reply(body=body) if request.path == path else icinga(request)
    await failure(make(), BadAnswer)


SECRET = {"password": {"env": "X"}}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"user": "smic"},
        SECRET,
        {"user": "smic", **SECRET, "site": "("},
        {"user": "smic", **SECRET, "site": r"(\d{5})"},
        {"user": "smic", **SECRET, "web_url": "icingaweb2"},
        {"user": "smic", **SECRET, "checks_within": "15"},
    ],
)
def test_settings_that_cannot_work_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"url": "https://icinga:5665", **options}, Icinga2Options)


def test_the_kind_is_light_to_import() -> None:
    code = (
        "import sys, adapters.icinga2.adapter; "
        "print([m for m in ('httpx', 'asyncio', 'ssl') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert done.stdout.strip() == "[]"


# -- the own age of each check -----------------------------------------------------


def days(count: float) -> float:
    return count * 86_400


@pytest.mark.parametrize(
    ("attrs", "expected"),
    [
        ({"check_interval": 300, "retry_interval": 60}, 900),
        ({"check_interval": 60, "retry_interval": 300}, 900),
        ({"check_interval": 30, "retry_interval": 10}, 120),
        ({"check_interval": 86_400}, 3 * 86_400),
        ({"check_interval": 0, "retry_interval": 0}, 86_400),
        ({"enable_active_checks": False}, 86_400),
    ],
)
async def test_for_how_long_a_check_is_believed(
    make: Make, icinga: FakeIcinga, attrs: dict[str, Any], expected: int
) -> None:
    """Three intervals, two minutes at least; a day for what is passive or has none."""
    icinga.hosts["r-17001"] |= attrs
    icinga.services["r-17001!disque"] |= attrs
    rows = (await read(make())).rows
    assert [rows[key].valid_for for key in ("r-17001", "r-17001!disque")] == [expected] * 2
    assert (await read(make(passive_within="2h"))).rows["r-17001"].valid_for == (
        7200 if expected == 86_400 else expected
    )


async def test_a_result_that_tells_its_ttl(make: Make, icinga: FakeIcinga) -> None:
    icinga.hosts["r-17001"]["enable_active_checks"] = False
    icinga.hand_in("r-17001", 0, 0, ttl=3600)
    assert (await read(make())).rows["r-17001"].valid_for == 3600


async def test_what_was_seen_counts_and_not_when_it_was_handed_in(
    make: Make, icinga: FakeIcinga
) -> None:
    """`last_check` of a result that was handed in is now, what it tells is as old as its
    execution_end."""
    icinga.hosts["r-17001"]["check_interval"] = 30
    icinga.hand_in("r-17001", 0, 465)
    row = (await read(make())).rows["r-17001"]
    assert row.checked is not None
    assert row.valid_for is not None
    age = time.time() - row.checked.timestamp()
    assert 464 < age < 470
    assert age > row.valid_for


async def test_outside_its_check_period_an_old_check_is_as_planned(
    make: Make, icinga: FakeIcinga
) -> None:
    now = icinga.now()
    night = {"check_period": "jour", "last_check": now - 30_000, "next_check": now + 200}
    icinga.hosts["r-17001"] |= night | {"last_check_result": None}
    icinga.hosts["r-17002"] |= {"last_check": now - 30_000, "last_check_result": None}
    adapter = make()
    first = await read(adapter)
    rows = first.rows
    assert rows["r-17001"].valid_for == 9 * 3600
    assert rows["r-17002"].valid_for == 900
    # Though it is not checked, it is read again, for its plan moves on.
    icinga.hosts["r-17001"]["next_check"] = now + 7200
    second = await read(adapter, first.cursor)
    assert set(second.rows) == {"r-17001"}
    assert second.rows["r-17001"].valid_for == 11 * 3600


@pytest.mark.parametrize("minutes", [-600, -5, 0, 7, 1440])
async def test_another_clock_makes_no_check_old(
    make: Make, icinga: FakeIcinga, minutes: int
) -> None:
    real = time.time
    icinga.now = lambda: real() + 60 * minutes
    icinga.started = icinga.now() - 86_400
    icinga.check("r-17001", 0)
    row = (await read(make())).rows["r-17001"]
    assert row.checked is not None
    assert abs(row.checked.timestamp() - real()) < 60


@pytest.mark.parametrize("key", ["r-17003", "r-17003!disque"])
@pytest.mark.parametrize("narrowed", ["", 'host.name != "r-17006"'])
async def test_a_result_whose_time_lies_behind_is_found_by_the_counts(
    make: Make, icinga: FakeIcinga, key: str, narrowed: str
) -> None:
    """A satellite replays what it saw, with the times of then."""
    adapter = make(filter=narrowed)
    first = await read(adapter)
    assert not (await read(adapter, first.cursor)).full
    icinga.replay(key, 1, ago=600)
    second = await read(adapter, first.cursor)
    assert second.full
    assert second.rows[key].state in (HealthState.DOWN, HealthState.WARNING)
    third = await read(adapter, second.cursor)
    assert not third.full


async def test_changes_that_explain_the_counts_do_not_lead_to_a_full_reading(
    make: Make, icinga: FakeIcinga
) -> None:
    adapter = make()
    cursor = (await read(adapter)).cursor
    for key, state in (("r-17001", 1), ("r-17002!disque", 2), ("r-17001", 0)):
        icinga.check(key, state)
        reading = await read(adapter, cursor)
        assert not reading.full
        assert key in reading.rows
        cursor = reading.cursor


async def test_down_from_its_first_check(make: Make, icinga: FakeIcinga) -> None:
    """It has never changed its state, says `last_state_change`."""
    at = icinga.now() - 4000
    icinga.add_host("r-17099", 1, last_state_change=0, last_hard_state_change=at)
    assert (await read(make())).rows["r-17099"].since == datetime.fromtimestamp(at, UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["17001", "17002"], ("17001", "17002")),
        ([17001.0, "17002", 17001.0, None, True], ("17001", "17002")),
        (["17001"], ("17001",)),
        ([], ("Mairie de r-17001",)),
        ({"a": 1}, ("Mairie de r-17001",)),
    ],
)
async def test_a_host_that_serves_several_sites(
    make: Make, icinga: FakeIcinga, value: Any, expected: tuple[str, ...]
) -> None:
    icinga.hosts["r-17001"]["vars"] = {"sites": value}
    adapter = make(site="vars.sites")
    rows = (await read(adapter)).rows
    for key in ("r-17001", "r-17001!disque"):
        assert (rows[key].site, *rows[key].more_sites) == expected


async def test_the_doctor_names_what_is_silent(make: Make, icinga: FakeIcinga) -> None:
    adapter = make()
    assert (await adapter.probe()).remarks == ()
    icinga.away = ["sat-b.example", "sat-a.example"]
    icinga.hosts["r-17001"]["zone"] = "sat-a.example"
    icinga.hand_in("r-17001", 0, days(5))
    icinga.hand_in("r-17002!disque", 0, days(1))
    icinga.hand_in("r-17003", 0, -3600)
    endpoints, old, early, zones = (await adapter.probe()).remarks
    assert "of 3 endpoints: sat-a.example, sat-b.example" in endpoints
    assert "2 checks" in old
    assert "r-17001, 5 d" in old
    assert "r-17003, by 59 min" in early or "r-17003, by 60 min" in early
    assert "sat-a.example" in zones


async def test_an_icinga_that_is_frozen_does_not_answer(make: Make) -> None:
    """The kernel takes the connection, and nobody says the first word of TLS."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        adapter = make(url=f"https://127.0.0.1:{port}", connect_timeout="1s", request_timeout="20s")
        error = await failure(adapter, Unavailable)
    assert "does not answer" in error.message
    assert "http://" not in error.hint
    assert "frozen" in error.hint
