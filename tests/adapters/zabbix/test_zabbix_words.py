"""What is written on events: sent once, recognised, and equal when it is read back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from adapters.zabbix.actions import is_same_text, signed
from adapters.zabbix.adapter import ZabbixAdapter
from smic_tui.contract.actions import Action, Refused, Verb
from smic_tui.contract.errors import Unavailable
from smic_tui.records import Stream
from tests.adapters.zabbix.conftest import MakeAdapter
from tests.fakes.acting import do
from tests.fakes.misbehaving import MisbehavingServer, Reply, Request
from tests.fakes.reading import read
from tests.fakes.zabbix import ADMIN, FakeZabbix

TEXTS = (
    "vu",
    "< > & ; \" ' \\ é 👩🏽\u200d💻 🇫🇷",
    "ligne 1\nligne 2\r\nligne 3\n\n",
    "  blancs   autour  ",
    "x" * 2038,
    "é" * 2038,
    "<b>gras</b> &amp; {HOST.NAME} %s {0}",
    "…",
    "nul\x00ici",
    "une moitié \ud83d seule",
)


def wish(key: str, **fields: Any) -> Action:
    values: dict[str, Any] = {
        "id": "7f3a",
        "source": "z",
        "stream": Stream.HEALTH,
        "key": key,
        "verb": Verb.ACKNOWLEDGE,
        "by": "Agent Un",
        "at": datetime.now(UTC),
    }
    return Action(**(values | fields))


@pytest.fixture
def disk(watched: FakeZabbix) -> str:
    watched.methods["word"] = ADMIN
    return watched.add_trigger(watched.add_host("srv"), "Disque", 1)


def written(zabbix: FakeZabbix, trigger: str) -> list[str]:
    return [
        note["message"]
        for event in zabbix.events(trigger)
        for note in event["acknowledges"]
        if int(note["action"]) & 4
    ]


async def begin(adapter: ZabbixAdapter, action: Action) -> tuple[Action, Any]:
    before = await adapter.inspect(action)
    assert not before.done
    return replace(action, baseline=before.baseline), before


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
@pytest.mark.parametrize("committed", [False, True])
async def test_an_answer_that_is_cut(
    adapter_on: MakeAdapter,
    watched: FakeZabbix,
    frontend: MisbehavingServer,
    disk: str,
    text: str,
    committed: bool,
) -> None:
    """Before or after Zabbix noted it: another process finds out which, and sends it once."""
    action, before = await begin(adapter_on(), wish(f"t{disk}", text=text))

    def cut(request: Request) -> Reply:
        if b"event.acknowledge" not in request.body or b'"0"' in request.body:
            return watched(request)
        if committed:
            watched(request)
        return Reply(503)

    frontend.respond = cut
    with pytest.raises(Unavailable):
        await adapter_on().apply(action, before)
    frontend.respond = watched
    other = adapter_on()
    standing = await other.inspect(action)
    assert standing.done is committed
    if not committed:
        await other.apply(action, standing)
    assert (await other.inspect(action)).done
    with pytest.raises(Refused):
        await other.apply(action, standing)
    assert written(watched, disk) == [signed(action)]


async def test_all_open_events_are_acknowledged(
    adapter_on: MakeAdapter, watched: FakeZabbix, disk: str
) -> None:
    watched.turn(disk, 1)
    first, newest = watched.events(disk)
    newest["acknowledged"] = "1"
    action = wish(f"t{disk}", text="les deux")
    assert (await do(adapter_on(), action)).done
    assert [each["acknowledged"] for each in (first, newest)] == ["1", "1"]
    assert written(watched, disk) == ["Agent Un: les deux"] * 2
    await do(adapter_on(), wish(f"t{disk}", verb=Verb.UNACKNOWLEDGE))
    assert [each["acknowledged"] for each in (first, newest)] == ["0", "0"]


async def test_what_somebody_acknowledged_before_gets_the_words(
    adapter_on: MakeAdapter, watched: FakeZabbix, disk: str
) -> None:
    """Zabbix answers well and notes nothing, for the event is acknowledged: `done` needs a note."""
    adapter = adapter_on()
    await do(adapter, wish(f"t{disk}", text="vu", by="Agent Deux"))
    after = await do(adapter, wish(f"t{disk}", text="vu"))
    assert after.done
    assert written(watched, disk) == ["Agent Deux: vu", "Agent Un: vu"]
    assert [each["action"] for each in watched.acknowledgements] == [6, 4]
    # Without words, that it is acknowledged is all that was wanted.
    assert (await adapter.inspect(wish(f"t{disk}"))).done


async def test_rights_on_events(adapter_on: MakeAdapter, watched: FakeZabbix, disk: str) -> None:
    """A role may let an account call the method, and forbid each thing that it does."""
    watched.may_comment = False
    adapter = adapter_on()
    await read(adapter)
    assert Verb.ACKNOWLEDGE in adapter.capabilities()[Stream.HEALTH]
    action = wish(f"t{disk}", text="vu")
    with pytest.raises(Refused, match="comments"):
        await adapter.apply(action, await adapter.inspect(action))
    assert not (await adapter.inspect(action)).done
    assert (await do(adapter, wish(f"t{disk}"))).done
    watched.may_acknowledge = False
    adapter = adapter_on()
    await read(adapter)
    assert Verb.ACKNOWLEDGE not in adapter.capabilities()[Stream.HEALTH]


async def test_a_text_that_zabbix_would_not_keep(
    adapter_on: MakeAdapter, watched: FakeZabbix, disk: str
) -> None:
    action = wish(f"t{disk}", text="x" * 2039)
    with pytest.raises(Refused, match="2048"):
        await adapter_on().apply(action, await adapter_on().inspect(action))
    assert watched.acknowledgements == []


def stored(text: str, database: str) -> str:
    """What Zabbix was seen to keep; MySQL as its documentation says."""
    text = text.partition("\0")[0]
    if database == "utf8mb3":
        text = "".join(char if ord(char) < 0x10000 else "?" for char in text)
    return text[:2048]


@settings(max_examples=500)
@given(
    st.text(st.characters(), max_size=300)
    | st.text("<>&;\"'\\é \n\r\t👩🏽\u200d💻", max_size=3000),
    st.sampled_from(["postgresql", "utf8mb3"]),
)
def test_any_text_is_recognised(text: str, database: str) -> None:
    sent = signed(wish("t1", text=text))
    if len(sent) > 2048:
        return
    found = stored(sent, database)
    assert is_same_text(sent, found)
    if database == "postgresql":
        assert found == sent
    assert not is_same_text(sent, "Agent Deux: x")
