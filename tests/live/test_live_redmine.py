"""The redmine kind against a real Redmine on loopback."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from adapters.redmine.adapter import RedmineAdapter
from adapters.redmine.options import RedmineOptions
from smic_tui.contract.actions import Action, Verb
from smic_tui.contract.adapter import Context
from smic_tui.contract.errors import AuthFailed, BadAnswer, Unavailable
from smic_tui.contract.view import Sight
from smic_tui.records import Actor, Stage, Stream, TicketStatus
from smic_tui.testing.adapters import AdapterConformance
from tests.fakes.misbehaving import MisbehavingServer, Mode, forward_to
from tests.fakes.reading import failure, read
from tests.live.rig_redmine import ISSUES, RedmineRig

pytestmark = pytest.mark.live

Make = Callable[..., RedmineAdapter]


def new_adapter(url: str, key: str, **options: Any) -> RedmineAdapter:
    settings = {
        "url": url,
        "api_key": {"env": "REDMINE"},
        "projects": ["assistance"],
        "site_field": "Code INSEE",
        "request_timeout": "20s",
        **options,
    }
    context = Context(source="s", folder=Path("/"), timezone="Europe/Paris", secret=lambda _: key)
    return RedmineAdapter(msgspec.convert(settings, RedmineOptions), context)


@pytest.fixture
async def make(redmine: RedmineRig) -> AsyncIterator[Make]:
    made: list[RedmineAdapter] = []

    def make(who: str = "lecture", url: str = "", **options: Any) -> RedmineAdapter:
        key = redmine.keys.get(who, who)
        made.append(new_adapter(url or redmine.url, key, **options))
        return made[-1]

    yield make
    for adapter in made:
        await adapter.close()


def in_database(redmine: RedmineRig, where: str) -> set[str]:
    """Ask Redmine's own database, past the API."""
    return set(redmine.script(f"puts Issue.joins(:status, :project).where({where!r}).ids").split())


OPEN = "issue_statuses.is_closed = 0 and projects.identifier = '{}'"


async def test_everything_is_read(make: Make, redmine: RedmineRig) -> None:
    adapter = make(closed_days=0)
    reading = await read(adapter)
    assert reading.full
    assert reading.rejected == []
    assert set(reading.rows) == in_database(redmine, OPEN.format("assistance"))
    assert len(reading.rows) > 100  # more than a page
    ticket = reading.rows["1"]
    assert ticket.subject == "Imprimante n°0 muette à la mairie [@click=x]"
    assert ticket.site == "17000"
    assert ticket.queue == "Assistance"
    assert ticket.status_label == "En attente fournisseur"
    assert (ticket.status, ticket.waiting_on) == (TicketStatus.WAITING, Actor.SUPPLIER)
    assert ticket.url == f"{redmine.url}/issues/1"
    assert {row.priority for row in reading.rows.values()} == {1, 2, 3, 4}
    dues = [row.due for row in reading.rows.values() if row.due]
    assert dues
    assert {due.minute for due in dues} == {59}


async def test_closed_issues_are_read_for_a_while(make: Make, redmine: RedmineRig) -> None:
    whole = await read(make(closed_days=4000))
    assert set(whole.rows) == in_database(redmine, "projects.identifier = 'assistance'")
    some = await read(make(closed_days=10))
    ever = [row for row in whole.rows.values() if row.status is TicketStatus.CLOSED]
    closed = [row for row in some.rows.values() if row.status is TicketStatus.CLOSED]
    assert 0 < len(closed) < len(ever)
    assert all((datetime.now(UTC) - row.updated).days <= 10 for row in closed)


async def test_the_catalogue_gives_requests(make: Make, redmine: RedmineRig) -> None:
    catalogue: dict[str, Any] = {"as": "requests", "projects": ["catalogue"]}
    adapter = make(closed_days=4000, software_field="Logiciel", **catalogue)
    reading = await read(adapter)
    assert set(reading.rows) == in_database(redmine, "projects.identifier = 'catalogue'")
    assert len(reading.rows) >= ISSUES // 10
    assert set(Counter(row.stage for row in reading.rows.values())) == set(Stage)
    assert "Berger-Levrault" in {row.software for row in reading.rows.values()}
    asked = next(row for row in reading.rows.values() if row.stage_label == "Groupe de travail")
    assert asked.waiting_on is Actor.WORKING_GROUP


async def test_changes_arrive_incrementally(make: Make, redmine: RedmineRig) -> None:
    adapter = make()
    first = await read(adapter)
    cursor = first.cursor
    site = {"id": 1, "value": "17300"}
    new = redmine.create("assistance", "Nouveau \u202e \x1b[2J", custom_fields=[site])
    redmine.update(2, status_id=redmine.status_id("Fermé"))
    reading = await read(adapter, cursor)
    assert not reading.full
    assert {str(new), "2"} <= set(reading.rows)
    # Other tests may have been at work within the minutes that are read again.
    assert len(reading.rows) < len(first.rows) / 2
    assert reading.rows["2"].status is TicketStatus.CLOSED
    assert reading.rows[str(new)].subject == "Nouveau \u202e \x1b[2J"
    assert reading.rows[str(new)].site == "17300"
    redmine.delete(new)
    assert str(new) not in (await read(adapter, reading.cursor)).rows
    assert str(new) not in (await read(adapter)).rows


async def test_an_unchanged_list_is_not_sent_again(make: Make) -> None:
    """ETag on lists and items, 304"""
    adapter = make()
    cursor = (await read(adapter)).cursor
    cursor = (await read(adapter, cursor)).cursor
    before = adapter._session().bytes_received
    third = await read(adapter, cursor)
    assert third.rows == {}
    assert adapter._session().bytes_received - before < 1500


async def test_pages_are_cut_silently(make: Make) -> None:
    """`limit` capped silently at 100, offset"""
    http = make()._session()
    async with http.signed_in():
        params = {"limit": "500", "status_id": "*"}
        page = await http.json(dict[str, Any], "GET", "/issues.json", params=params)
    assert (page["limit"], len(page["issues"])) == (100, 100)
    assert page["total_count"] > 250


async def test_only_utc_with_z_is_understood(make: Make) -> None:
    """only `Z` works (`+01:00` is 422)"""
    http = make()._session()
    async with http.signed_in():
        for zone, status in (("Z", 200), ("+01:00", 422)):
            params = {"updated_on": f">=2026-01-01T00:00:00{zone}"}
            answer = await http.request("GET", "/issues.json", params=params, expect=(status,))
            assert answer.status == status


@pytest.mark.parametrize("key", ["0" * 40, "wrong", ""])
async def test_a_bad_key(make: Make, key: str) -> None:
    """with a bad key, no key or the API disabled, `/issues.json` answers **200 with no issues**"""
    adapter = make(key)
    http = adapter._session()
    async with http.signed_in():
        page = await http.json(dict[str, Any], "GET", "/issues.json")
    assert page["issues"] == []  # the trap is there
    error = await failure(adapter, AuthFailed)
    assert "401" in error.message


async def test_missing_rights(make: Make) -> None:
    assert "403" in (await failure(make("ailleurs"), AuthFailed)).message
    assert "no project" in (await failure(make("ailleurs", projects=[]), AuthFailed)).message


async def test_the_api_switched_off(make: Make, redmine: RedmineRig) -> None:
    """with a bad key, no key or the API disabled, `/issues.json` answers **200 with no issues**"""
    adapter = make()
    await read(adapter)
    redmine.switch_api(False)
    try:
        await failure(adapter, AuthFailed)
    finally:
        redmine.switch_api(True)
    await read(adapter)


async def test_projects_trackers_and_filters(make: Make, redmine: RedmineRig) -> None:
    new = redmine.create("astreinte", "La nuit")
    assert str(new) not in (await read(make())).rows
    assert str(new) in (await read(make(subprojects=True))).rows
    redmine.delete(new)
    one = await read(make(filters={"cf_1": "17003|17006"}, closed_days=4000))
    assert {row.site for row in one.rows.values()} == {"17003", "17006"}
    some = await read(make(trackers=["anomalie"], closed_days=4000))
    in_tracker = in_database(redmine, "projects.identifier = 'assistance' and tracker_id = 1")
    assert set(some.rows) == in_tracker
    assert "nulle" in (await failure(make(projects=["nulle-part"]), BadAnswer)).message


async def test_an_ignored_filter_is_noticed(make: Make) -> None:
    """unknown filters are ignored and return everything"""
    assert "cf_99" in (await failure(make(filters={"cf_99": "Oui"}), BadAnswer)).message


async def test_probe(make: Make) -> None:
    probe = await make().probe()
    assert (probe.account, probe.remarks) == ("lecture", ())
    assert "administrator" in (await make("chef").probe()).remarks[0]
    remarks = (await make(statuses={"Perdu": "closed", "résolu": "open"}).probe()).remarks
    assert len(remarks) == 1
    assert "Perdu" in remarks[0]
    # A reader may not ask which fields there are; the issues show them.
    (remark,) = (await make(site_field="Code Insee").probe()).remarks
    assert "'Code Insee' of `site_field`" in remark
    assert "Code INSEE" in remark


@pytest.mark.parametrize("mode", [Mode.STATUS500, Mode.HTML, Mode.TRUNCATED, Mode.CUT, Mode.DRIP])
async def test_a_proxy_that_spoils_the_answers(make: Make, redmine: RedmineRig, mode: Mode) -> None:
    with MisbehavingServer(forward_to(redmine.url)) as proxy:
        adapter = make(url=proxy.url, request_timeout="2s")
        reading = await read(adapter)
        assert len(reading.rows) > 100
        proxy.mode = mode
        expected = BadAnswer if mode in (Mode.HTML, Mode.TRUNCATED) else Unavailable
        await failure(adapter, expected)
        proxy.mode = Mode.OK
        assert not (await read(adapter, reading.cursor)).full


async def test_frozen_stopped_and_back(make: Make, redmine: RedmineRig) -> None:
    adapter = make(request_timeout="2s", connect_timeout="2s")
    cursor = (await read(adapter)).cursor
    redmine.daemon.freeze()
    try:
        started = time.monotonic()
        await failure(adapter, Unavailable)
        assert time.monotonic() - started < 4
    finally:
        redmine.daemon.thaw()
    redmine.daemon.stop()
    assert "refuses" in (await failure(adapter, Unavailable)).message
    redmine.daemon.start()
    assert not (await read(adapter, cursor)).full


class TestConformance(AdapterConformance):
    secrets: ClassVar[tuple[str, ...]] = ()
    rig: ClassVar[RedmineRig]

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _rig(cls, redmine: RedmineRig) -> None:
        cls.rig = redmine
        cls.secrets = (redmine.keys["lecture"],)

    @classmethod
    def make(cls, tmp_path: Path) -> RedmineAdapter:
        return new_adapter(cls.rig.url, cls.rig.keys["lecture"])

    @classmethod
    def make_unreachable(cls, tmp_path: Path) -> RedmineAdapter:
        return new_adapter("http://127.0.0.1:9", cls.rig.keys["lecture"])


# -- what the field had, and this rig had not -----------------------------------


async def test_an_issue_in_a_closed_subproject(make: Make, redmine: RedmineRig) -> None:
    rows = (await read(make(subprojects=True))).rows
    (old,) = in_database(redmine, "projects.identifier = 'ancien'")
    assert old in rows
    assert rows[old].queue == "Ancien projet"


async def test_what_the_numbers_in_fields_stand_for(make: Make) -> None:
    fields = {
        "site_field": "Commune (clé)",
        "requester_field": "Bénéficiaire",
        "supplier_field": "Canal",
    }
    rows = (await read(make(**fields, closed_days=4000))).rows
    # Answers are wholly words: the number of a commune or a person is in none.
    assert {row.site for row in rows.values()} == {
        "",
        "La Rochelle",
        "Saintes, centre",
        "Saint-Étienne-de-l'Olm",
    }
    asked = {frozenset(row.requester.split(", ")) for row in rows.values()}
    assert asked == {
        frozenset({""}),
        frozenset({"Agent Un"}),
        frozenset({"Agent Un", "Agent Deux"}),
    }
    assert {row.supplier for row in rows.values()} == {"", "Courriel & fax"}
    by_number = (await read(make(site_field="1", closed_days=4000))).rows
    assert by_number["1"].site == "17000", "a text of digits stays as it is"


async def test_what_left_is_gone_at_the_next_ordinary_reading(
    make: Make, redmine: RedmineRig
) -> None:
    numbers = [redmine.create("assistance", f"Départ {n}") for n in range(3)]
    tickets = make()
    requests = make(**{"as": "requests", "projects": ["catalogue"]})
    here, there = await read(tickets), await read(requests)
    first = tickets._session().bytes_received
    moved, deleted, stays = map(str, numbers)
    redmine.update(int(moved), project_id="catalogue")
    redmine.delete(int(deleted))
    changed = await read(tickets, here.cursor)
    known = {**here.rows, **changed.rows}
    opens = {key for key, row in known.items() if row.status.is_open}
    assert set(await tickets.exits(Stream.TICKETS, opens)) == {moved, deleted}
    assert stays in opens
    assert moved in (await read(requests, there.cursor)).rows
    opens -= {moved, deleted}
    quiet = await read(tickets, changed.cursor)
    await tickets.exits(Stream.TICKETS, opens)
    before = tickets._session().bytes_received
    await read(tickets, quiet.cursor)
    assert set(await tickets.exits(Stream.TICKETS, opens)) == set()
    spent = tickets._session().bytes_received - before
    print(f"first reading {first} bytes, an unchanged one {spent} bytes")
    assert spent < 0.05 * first


async def test_a_role_that_shows_its_own_issues_only(make: Make, redmine: RedmineRig) -> None:
    restricted = make("restreint")
    assert (await read(restricted)).rows == {}
    assert restricted.view() == (Sight("Assistance", 1, "own", "1"),)
    adapter = make()
    cursor = (await read(adapter)).cursor
    assert adapter.view() == (Sight("Assistance", 3, "all", "1"),)
    role = "Role.find_by(name: 'Lecture seule').update!(issues_visibility: '{}')"
    redmine.script(role.format("own"))
    try:
        await read(adapter, cursor)
        assert adapter.view() == (Sight("Assistance", 1, "own", "1"),)
        assert (await read(make())).rows == {}, "and no error says so"
    finally:
        redmine.script(role.format("all"))


async def test_an_account_that_is_locked(make: Make, redmine: RedmineRig) -> None:
    adapter = make()
    cursor = (await read(adapter)).cursor
    redmine.script("User.find_by(login: 'lecture').lock!")
    try:
        with pytest.raises(AuthFailed):
            await read(adapter, cursor)
    finally:
        redmine.script("User.find_by(login: 'lecture').activate!")
    await read(adapter, cursor)


async def test_a_change_time_ahead_hides_no_other(make: Make, redmine: RedmineRig) -> None:
    """Such times come from a second server whose clock is wrong, past the API."""
    ahead = redmine.create("assistance", "En avance")
    redmine.script(f"Issue.find({ahead}).update_columns(updated_on: Time.now + 2.days)")
    adapter = make()
    first = await read(adapter)
    other = redmine.create("assistance", "Après")
    second = await read(adapter, first.cursor)
    assert not second.full
    assert {str(ahead), str(other)} <= second.rows.keys()
    redmine.delete(ahead)


def wish(key: int, verb: Verb, **fields: Any) -> Action:
    values: dict[str, Any] = {"stream": Stream.TICKETS, "by": "moi", "at": datetime.now(UTC)}
    return Action(id="1", source="s", key=str(key), verb=verb, **(values | fields))


async def done(adapter: RedmineAdapter, wanted: Action) -> Action:
    """Do as the outbox does; return the action with its baseline."""
    standing = await adapter.inspect(wanted)
    wanted = msgspec.structs.replace(wanted, baseline=standing.baseline)
    assert not (await adapter.inspect(wanted)).done
    await adapter.apply(wanted, standing)
    assert (await adapter.inspect(wanted)).done
    return wanted


NASTY = (
    'Contacté <jean@mairie.example.fr> & "suite" ; l\'accès \\\\serveur\\partage',
    "  en retrait\n- tiret\n# dièse\n> cité\r\nfin  ",
    "👩🏽\u200d💻 é e\u0301 \u202f10 000",
    "h1. *gras* _x_ @code@ <b>x</b> &lt;y&gt;",
    "```\nmarkdown\n```",
    "long " * 20_000,
)


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
async def test_texts_are_sent_once_and_known_again(
    make: Make, redmine: RedmineRig, text: str
) -> None:
    number = redmine.create("assistance", "Textes")
    wanted = await done(make("agent1"), wish(number, Verb.COMMENT, text=text))
    again = make("agent1")
    standing = await again.inspect(wanted)
    assert standing.done
    await again.apply(wanted, standing)
    path = f"/issues/{number}.json?include=journals"
    notes = [each["notes"] for each in redmine.call("GET", path)["issue"]["journals"]]
    assert len([note for note in notes if note]) == 1


@pytest.mark.parametrize("name", ["À valider", "En cours de résolution", "Non résolu"])
async def test_what_redmine_counts_as_open_is_not_resolved(
    make: Make, redmine: RedmineRig, name: str
) -> None:
    number = redmine.create("assistance", "À résoudre")
    redmine.update(number, status_id=redmine.status_id(name))
    adapter = make("agent1")
    row = (await read(adapter)).rows[str(number)]
    assert (row.status_label, row.status) == (name, TicketStatus.OPEN)
    await done(adapter, wish(number, Verb.RESOLVE, text="Fait"))
    shown = redmine.call("GET", f"/issues/{number}.json")["issue"]["status"]["name"]
    assert shown == "Résolu"
    said = {each.name: each for each in (await adapter.probe()).understood}
    assert said["En attente fournisseur"].guessed
    assert not said["Résolu"].guessed
