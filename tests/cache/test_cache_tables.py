"""Files with large tables are plain JSON, and are read in short pieces."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smic_tui.cache import tables
from smic_tui.cache.generations import Unreadable
from smic_tui.cache.tables import decode_rows, decode_tables, encode_tables, pieces_of

ROW = msgspec.json.Decoder(dict[str, Any])
TABLE = msgspec.json.Decoder(dict[str, dict[str, Any]])
TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
TABLES = st.dictionaries(
    st.sampled_from(("_meta", "sites", "backup_runs", "tickets")),
    st.dictionaries(TEXTS, st.dictionaries(TEXTS, TEXTS | st.none(), max_size=2), max_size=9),
    max_size=4,
)


def read_in_pieces(data: bytes) -> dict[str, Any]:
    return {name: decode_rows(of, TABLE, ROW) for name, of in pieces_of(data).items()}


@settings(deadline=None)
@given(TABLES)
def test_what_is_written_is_json_and_is_read_in_pieces(found: dict[str, Any]) -> None:
    with patch.object(tables, "_ROWS_AT_ONCE", 2):
        data = encode_tables(found)
    assert json.loads(data) == decode_tables(data) == found
    assert read_in_pieces(data) == found
    pieces = pieces_of(data)
    if any(len(table) > 2 for table in found.values()):
        assert all(
            len(pieces[name]) == max(1, (len(table) + 1) // 2) for name, table in found.items()
        )


@settings(deadline=None)
@given(TABLES, st.data())
def test_a_torn_or_changed_file_is_read_as_json_would_be(
    found: dict[str, Any], data: st.DataObject
) -> None:
    with patch.object(tables, "_ROWS_AT_ONCE", 1):
        whole = bytearray(encode_tables(found))
    at = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        del whole[at:]
    else:
        whole[at] = data.draw(st.sampled_from(b'{},:"\n x'))
    try:
        wanted = decode_tables(bytes(whole))
    except Unreadable:
        with pytest.raises(Unreadable):
            read_in_pieces(bytes(whole))
    else:
        try:
            read = read_in_pieces(bytes(whole))
        except Unreadable:
            # A row that is no object is refused; plain JSON may be anything.
            assert any(
                not isinstance(row, dict) for table in wanted.values() for row in table.values()
            )
        else:
            assert read == wanted
