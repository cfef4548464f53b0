"""The json kind, through its public face: settings in, batches out."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.json_files.adapter import JsonAdapter
from adapters.shared.json_text import decode_json
from smic_tui.contract.adapter import Adapter
from smic_tui.contract.errors import BadAnswer, Unavailable
from smic_tui.records import Actor, Contact, Stage, Stream
from smic_tui.testing.adapters import AdapterConformance
from tests.fakes.configured import Outcome, adapter, context, read

SITE = {"code": "insee", "name": "nom"}


def sites(folder: Path, columns: dict[str, Any] | None = None, **table: Any) -> JsonAdapter:
    table = {"path": "sites.json", "columns": columns or SITE, **table}
    return adapter(JsonAdapter, {"sites": table}, context(folder))  # type: ignore[no-any-return]


async def read_sites(
    folder: Path, content: Any, columns: dict[str, Any] | None = None, **table: Any
) -> Outcome:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    (folder / table.get("path", "sites.json")).write_bytes(data)
    return await read(sites(folder, columns, **table), Stream.SITES)


@pytest.mark.usefixtures("later")
class TestKit(AdapterConformance):
    @staticmethod
    def make(tmp_path: Path) -> Adapter[Any]:
        if not (tmp_path / "all.json").exists():
            rows = [{"insee": n, "nom": f"Mairie {n}"} for n in range(5000)]
            tickets = [
                {"id": n, "objet": "é", "etat": "new", "cree": 1.7e9, "maj": 1.7e9}
                for n in range(50)
            ]
            (tmp_path / "all.json").write_text(json.dumps({"donnees": {"sites": [*rows, {}]}}))
            lines = "\n".join(json.dumps(ticket) for ticket in tickets)
            (tmp_path / "tickets.jsonl").write_text(lines)
        return TestKit.on(tmp_path, "")

    @staticmethod
    def make_unreachable(tmp_path: Path) -> Adapter[Any]:
        return TestKit.on(tmp_path, "gone/")

    @staticmethod
    def on(folder: Path, where: str) -> Adapter[Any]:
        columns = {"key": "id", "subject": "objet", "status": "etat"}
        tables = {
            "sites": {"path": f"{where}all.json", "rows": "donnees.sites", "columns": SITE},
            "tickets": {
                "path": f"{where}tickets.jsonl",
                "dates": ["unix"],
                "columns": {**columns, "created": "cree", "updated": "maj"},
            },
        }
        found: Adapter[Any] = adapter(JsonAdapter, tables, context(folder))
        return found


class TestKitWithAFilter(TestKit):
    @staticmethod
    def make(tmp_path: Path) -> Adapter[Any]:
        TestKit.make(tmp_path)
        table = {
            "path": "all.json",
            "rows": "donnees.sites[?insee > `10`]",
            "columns": SITE,
        }
        found: Adapter[Any] = adapter(JsonAdapter, {"sites": table}, context(tmp_path))
        return found


# -- where the rows are ------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ([{"insee": "1", "nom": "A"}], ""),
        ({"a": {"b": [{"insee": "1", "nom": "A"}]}}, "a.b"),
        ({"a": [{"insee": "1", "nom": "A", "x": 1}, {"insee": "2", "nom": "B"}]}, "a[?x]"),
        ([{"insee": "1", "nom": "A", "x": 1}, {"insee": "2", "nom": "B"}], "[?x == `1`]"),
        ({"a b": [{"insee": "1", "nom": "A"}]}, '"a b"'),
        ({"1": {"insee": "1", "nom": "A"}}, "values(@)"),
        ([{"s": [{"insee": "1", "nom": "A"}]}, {"s": []}], "[].s[]"),
        ({"a": [{"insee": "1", "nom": "A"}, {"insee": "2", "nom": "B"}]}, "a[?insee] | [:1]"),
    ],
)
async def test_the_list_of_rows_is_found(tmp_path: Path, content: Any, rows: str) -> None:
    found = await read_sites(tmp_path, content, rows=rows)
    assert {key: row.name for key, row in found.rows.items()} == {"1": "A"}
    assert found.full


@pytest.mark.parametrize(
    ("content", "rows", "message"),
    [
        ({"a": {}}, "a.b", "expected at a.b: nothing is there"),
        ({"a": None}, "a.b", "nothing is there"),
        ({"a": 5}, "a.b", "expected at a.b: Expected `object"),
        ({"a": {"b": "x"}}, "a.b", "Expected `array`, got `str`"),
        ({"a": 1}, "", "expected at @: Expected `array`, got `object`"),
        ({"a": 1}, "a | [0]", "expected at a | .0.: nothing is there"),
        ({"a": 1}, "keys(a)", "keys"),
        ({"a": {"x": 1}}, "a || `1`", "found dict"),
    ],
)
async def test_no_list_is_a_bad_answer(
    tmp_path: Path, content: Any, rows: str, message: str
) -> None:
    with pytest.raises(BadAnswer, match=message) as caught:
        await read_sites(tmp_path, content, rows=rows)
    assert "rows" in caught.value.hint


BROKEN = {
    "empty": b"",
    "html": b"<html>",
    "cut off": b'[{"insee":"1","nom":"A"}',
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("rows", ["", "[?a]", "a | b"])
async def test_what_is_not_json_is_a_bad_answer(tmp_path: Path, content: bytes, rows: str) -> None:
    with pytest.raises(BadAnswer, match="not JSON") as caught:
        await read_sites(tmp_path, content, rows=rows)
    assert caught.value.excerpt == content[:400]


async def test_an_empty_list_is_empty(tmp_path: Path) -> None:
    found = await read_sites(tmp_path, [])
    assert (found.rows, found.full) == ({}, True)


async def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    assert (await read_sites(tmp_path, b'\xef\xbb\xbf[{"insee":"1","nom":"A"}]')).rows


# -- rows ----------------------------------------------------------------------------


async def test_rows_are_set_aside_with_their_number(tmp_path: Path) -> None:
    content = [
        {"insee": "1", "nom": "A"},
        {"insee": "2", "nom": ["x"]},
        {"insee": "3"},
        "text",
        None,
        {},
        {"insee": "1", "nom": "encore"},
        {"insee": 17300, "nom": 5},
        {"insee": "4", "nom": "B", "habitants": "?"},
    ]
    found = await read_sites(tmp_path, content, {**SITE, "population": "habitants"})
    assert {key: row.name for key, row in found.rows.items()} == {"1": "A", "17300": "5"}
    assert found.reasons == {
        "sites.json, item 2": "column nom: \"['x']\" is not text",
        "sites.json, item 3": "column nom is empty: a value is required",
        "sites.json, item 4": '"text" is not an object',
        "sites.json, item 5": '"None" is not an object',
        "sites.json, item 6": "column insee is empty: a value is required",
        "sites.json, item 7": "the key 1 stands already on item 1",
        "sites.json, item 9": 'column habitants: "?" is not a whole number',
    }
    assert found.rejected[0].sample == '{"insee": "2", "nom": ["x"]}'


async def test_a_filter_keeps_the_numbers_of_the_document(tmp_path: Path) -> None:
    content = [{"x": 0}, {"x": 1, "insee": "1", "nom": "A"}, {"x": 1, "insee": "2"}]
    found = await read_sites(tmp_path, content, rows="[?x == `1`]")
    assert list(found.rows) == ["1"]
    assert list(found.reasons) == ["sites.json, item 3"]


async def test_a_filter_that_fails_on_a_row_costs_that_row(tmp_path: Path) -> None:
    content = [{"insee": "1", "nom": "A"}, {"insee": 2, "nom": "B"}, {"insee": "3", "nom": "C"}]
    found = await read_sites(tmp_path, content, rows="[?starts_with(insee, '1')]")
    assert list(found.rows) == ["1"]
    assert list(found.reasons) == ["sites.json, item 2"]
    assert "the filter in `rows`" in found.rejected[0].reason


async def test_an_expression_that_fails_on_a_row_costs_that_row(tmp_path: Path) -> None:
    content = [{"insee": "1", "nom": ["A", "B"]}, {"insee": "2", "nom": 5}]
    found = await read_sites(tmp_path, content, {**SITE, "name": "join(' ', nom)"})
    assert found.rows["1"].name == "A B"
    assert "join" in found.reasons["sites.json, item 2"]


async def test_lines_with_a_bad_one(tmp_path: Path) -> None:
    content = (
        b'{"insee":"1","nom":"A"}\n'
        b"\n"
        b'{"insee":"2","nom":\n'
        b'{"insee":"3","nom":"caf\xe9"}\r\n'
        b'{"insee":"4","nom":"D"}\r\n'
        b'{"insee":"5","nom":"coup'
    )
    found = await read_sites(tmp_path, content, path="sites.jsonl")
    assert {key: row.name for key, row in found.rows.items()} == {
        "1": "A",
        "3": "café",
        "4": "D",
    }
    assert list(found.reasons) == [f"sites.jsonl, line {n}" for n in (3, 6)]
    assert all("not JSON" in reason for reason in found.reasons.values())


async def test_lines_can_be_asked_for(tmp_path: Path) -> None:
    found = await read_sites(tmp_path, b'{"insee":"1","nom":"A"}\n', lines=True)
    assert list(found.rows) == ["1"]
    with pytest.raises(BadAnswer, match="a list of rows is expected") as caught:
        await read_sites(tmp_path, b'{"insee":"1","nom":"A"}\n{}', lines=False)
    assert "lines" in caught.value.hint


# -- values ----------------------------------------------------------------------------


async def test_values_that_are_not_text(tmp_path: Path) -> None:
    content = [
        {
            "insee": 17300,
            "nom": "La Rochelle",
            "pop": 79961.0,
            "pos": {"lat": 46.16, "lon": "-1,15"},
            "gens": [{"n": "Mme Roy", "t": 546}, {"n": ""}],
            "logiciels": ["compta", 5, None, ""],
        }
    ]
    columns = {
        **SITE,
        "population": "pop",
        "latitude": "pos.lat",
        "longitude": "pos.lon",
        "contacts": "gens[].{name: n, phone: t}",
        "applications": "logiciels",
    }
    site = (await read_sites(tmp_path, content, columns)).rows["17300"]
    assert site.population == 79961
    assert (site.latitude, site.longitude) == (46.16, -1.15)
    assert site.contacts == (Contact(name="Mme Roy", phone="546"),)
    assert site.applications == ("compta", "5")


async def test_requests_with_words_and_epochs(tmp_path: Path) -> None:
    row = {"n": 9, "o": "Logiciel", "e": 3, "d": 1700000000, "m": "1700000001.5", "qui": "Groupe"}
    (tmp_path / "r.json").write_text(json.dumps([row, {**row, "n": 10, "e": True}]))
    table = {
        "path": "r.json",
        "dates": ["unix"],
        "columns": {
            "key": "n",
            "subject": "o",
            "stage": "e",
            "created": "d",
            "updated": "m",
            "waiting_on": "qui",
        },
        "values": {
            "stage": {"3": "working_group", "true": "done"},
            "waiting_on": {"groupe": "working group"},
        },
    }
    source = adapter(JsonAdapter, {"requests": table}, context(tmp_path))
    found = await read(source, Stream.REQUESTS)
    first = found.rows["9"]
    assert (first.stage, first.waiting_on) == (Stage.WORKING_GROUP, Actor.WORKING_GROUP)
    assert first.created == datetime.fromtimestamp(1700000000, UTC)
    assert found.rows["10"].stage is Stage.DONE


async def test_numbers_beyond_reason_are_refused(tmp_path: Path) -> None:
    numbers = (b"1e300", b"123456789012345678901", b"-1", b"3.5", b"true", b"7")
    rows = b",".join(
        b'{"insee":%d,"nom":"A","p":%b}' % (place, number)
        for place, number in enumerate(numbers, start=1)
    )
    found = await read_sites(tmp_path, b"[%b]" % rows, {**SITE, "population": "p"})
    assert {key: row.population for key, row in found.rows.items()} == {"6": 7}


# -- settings --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"rows": "a[?"}, 'rows: "a.?" is not JMESPath|"a.." is not JMESPath'),
        ({"columns": {**SITE, "name": "nom."}}, 'columns.name: "nom." is not JMESPath'),
        ({"lines": True, "rows": "a"}, "rows: JSON lines"),
        ({"path": "a.ndjson", "rows": "a"}, "rows: JSON lines"),
    ],
)
def test_settings_that_cannot_work_are_refused(table: dict[str, Any], message: str) -> None:
    whole = {"sites": {"path": "sites.json", "columns": SITE, **table}}
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.convert(whole, JsonAdapter.config_type)


async def test_probe_tells_which_expressions_find_nothing(tmp_path: Path) -> None:
    (tmp_path / "sites.json").write_text('[{"insee": "1", "nom": "A"}]')
    source = sites(tmp_path, {**SITE, "population": "habitnats"})
    assert (await source.probe()).remarks == (
        "sites.json: nothing found in the first rows for: population",
    )
    assert (await sites(tmp_path).probe()).remarks == ()
    with pytest.raises(Unavailable):
        await sites(tmp_path, path="gone.json").probe()


# -- size ------------------------------------------------------------------------------


async def test_a_large_document_is_read_in_pieces_off_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How long the loop is held all the same is measured by `benchmarks/bench_loop.py`."""
    decoding: set[threading.Thread] = set()

    def noted(*arguments: Any) -> Any:
        decoding.add(threading.current_thread())
        return decode_json(*arguments)

    monkeypatch.setattr("adapters.json_files.adapter.decode_json", noted)
    rows = [{"insee": number, "nom": f"Mairie {number}"} for number in range(10_000)]
    (tmp_path / "sites.json").write_bytes(msgspec.json.encode({"a": {"b": rows}}))
    found = await read(sites(tmp_path, rows="a.b[?insee > `5`]"), Stream.SITES)
    assert len(found.records) == 9_994
    assert max(len(batch.upserts) for batch in found.batches) <= 1000
    assert decoding
    assert threading.current_thread() not in decoding


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(
    content=st.lists(
        st.fixed_dictionaries({"insee": JSON_VALUES, "nom": JSON_VALUES, "x": JSON_VALUES})
        | JSON_VALUES,
        max_size=6,
    )
)
def test_whatever_the_rows_hold_each_is_read_or_set_aside(
    tmp_path_factory: pytest.TempPathFactory, content: list[Any]
) -> None:
    folder = tmp_path_factory.mktemp("json")
    columns = {
        **SITE,
        "population": "x",
        "latitude": "x",
        "applications": "x",
        "contacts": "x",
        "url": "x",
    }
    try:
        found = asyncio.run(read_sites(folder, json.dumps(content).encode(), columns))
    except BadAnswer:
        return
    assert len(found.rows) + len(found.rejected) == len(content)
    for record in found.records:
        msgspec.convert(msgspec.to_builtins(record), type(record))


@settings(max_examples=150, deadline=None)
@given(garbage=st.binary(max_size=300), lines=st.booleans())
def test_garbage_ends_in_rejects_or_a_bad_answer(
    tmp_path_factory: pytest.TempPathFactory, garbage: bytes, lines: bool
) -> None:
    folder = tmp_path_factory.mktemp("json")
    try:
        found = asyncio.run(read_sites(folder, garbage, lines=lines))
    except BadAnswer:
        return
    assert not found.rows
