"""Rows as columns and back: any rows of any stream, and columns that nobody wrote."""

from __future__ import annotations

import lzma
from datetime import UTC, datetime
from typing import Any, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smic_tui.hub import columns
from smic_tui.hub.manifest import Malformed
from smic_tui.hub.packing import Changes, pack, unpack
from smic_tui.records import RECORD_TYPES, Contact, Record, Site, Stream

_WORDS = st.sampled_from(["", "17415", "Saintes", "rt-17415-med", "\x01", '"\\\u2028é🏠', "x" * 40])
_TEXTS = _WORDS | st.text(st.characters(codec="utf-8"), max_size=8)
_MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC)) | (
    st.integers(1_700_000_000, 1_800_000_000).map(lambda one: datetime.fromtimestamp(one, UTC))
)


_CONTACTS = st.builds(Contact, name=_WORDS, role=_WORDS, phone=_WORDS, email=_WORDS)
_BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    str: _TEXTS,
    datetime: _MOMENTS,
    datetime | None: st.none() | _MOMENTS,
    float | None: st.none() | st.floats(-90, 90),
    tuple[str, ...]: st.lists(_WORDS, max_size=2).map(tuple),
    tuple[Contact, ...]: st.lists(_CONTACTS, max_size=2).map(tuple),
}


def _rows(type_: type[Record]) -> st.SearchStrategy[list[Record]]:
    hints = get_type_hints(type_)
    fields = {
        name: _BY_TYPE[kind] if kind in _BY_TYPE else st.from_type(kind)
        for name, kind in hints.items()
    }
    fields |= {"key": _TEXTS.filter(bool), "source": st.just("")}
    return st.lists(st.builds(type_, **fields), max_size=12, unique_by=lambda one: one.key)


@pytest.mark.parametrize("stream", list(Stream))
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_rows_come_back_as_they_were(stream: Stream, data: st.DataObject) -> None:
    rows = {row.key: row for row in data.draw(_rows(RECORD_TYPES[stream]))}
    gone = data.draw(st.sets(_TEXTS.filter(lambda key: key not in rows), max_size=3))
    place = ("hub", stream)
    found = unpack(pack(Changes({place: rows}, {place: gone})))
    assert found.rows.get(place, {}) == rows
    assert found.gone.get(place, set()) == gone


@pytest.mark.parametrize("stream", list(Stream))
def test_every_field_has_its_column(stream: Stream) -> None:
    fields = {*RECORD_TYPES[stream].__struct_fields__} - {"source"}
    order = columns.ORDER[RECORD_TYPES[stream]]
    assert {*order} == fields
    assert len(order) == len(fields)


def test_words_that_come_again_are_told_once() -> None:
    rows = [Site(key=str(n), code=str(n), name="Mairie", line="ADSL") for n in range(9)]
    rows.append(Site(key="9", code="9", name="Mairie", line="4G"))
    found, short = columns.encode(Site, rows)
    named = dict(zip(columns.ORDER[Site], found, strict=False))
    assert named["line"] == [["ADSL", "4G"], "#########$"]
    assert named["member"] is None
    assert len(found) == columns.ORDER[Site].index("line") + 1
    assert short == []


def _object(columns_: Any, short: Any = (), stream: str = "sites") -> bytes:
    tables = [["a", stream, columns_, list(short), []]]
    return lzma.compress(msgspec.json.encode(tables), lzma.FORMAT_ALONE)


def test_a_column_that_is_not_known_yet_is_left() -> None:
    wide = [[["1"]], [["1"]], [["Mairie"]], *[None] * 20, [["what comes one day"]]]
    (row,) = unpack(_object(wide)).rows["a", Stream.SITES].values()
    assert isinstance(row, Site)
    assert (row.key, row.name) == ("1", "Mairie")


@pytest.mark.parametrize(
    ("columns_", "short"),
    [
        ([[["1", "2"]], [["1"]], [["x", "y"]]], ()),
        ([[["1"], "$"], [["1"]], [["x"]]], ()),
        ([[["1"], " "], [["1"]], [["x"]]], ()),
        ([[["1"], "#", 3], [["1"]], [["x"]]], ()),
        ([[0, [1]], [["1"]], [["x"]]], ()),
        ([[10**30, [1]], [["1"]], [["x"]]], ()),
        ([[1, ["a"]], [["1"]], [["x"]]], ()),
        ([[1, [10**30]], [["1"]], [["x"]]], ()),
        ([[["1", "1"]], [["1", "2"]], [["x", "y"]]], ()),
        ([[[""]], [["1"]], [["x"]]], ()),
        ([[[1]], [["1"]], [["x"]]], ()),
        ([[[{}], "#"], [["1"]], [["x"]]], ()),
        ([[["1"]], None, None], ()),
        ([[["1"]], [["1"]], [["x"]]], ("name",)),
        ([[["1"]], [["1"]], [["x"]]], ("url",)),
        (["1", "1", "x"], ()),
    ],
)
def test_columns_that_make_no_rows_are_refused(columns_: Any, short: Any) -> None:
    with pytest.raises(Malformed):
        unpack(_object(columns_, short))


def test_objects_of_the_former_format_are_refused() -> None:
    with pytest.raises(Malformed):
        unpack(lzma.compress(b"[]"))


def test_the_memory_that_unpacking_takes_is_bounded() -> None:
    header = b"\x5d" + (1 << 30).to_bytes(4, "little")  # a dictionary of a gigabyte
    with pytest.raises(Malformed):
        unpack(header + pack(Changes())[5:])
