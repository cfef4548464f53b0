"""What Excel, LibreOffice and PowerShell make of the files that the tables read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.csv_files.adapter import CsvAdapter
from adapters.json_files.adapter import JsonAdapter
from smic_tui.contract.errors import BadAnswer
from smic_tui.records import Stream
from tests.adapters.tables.csv_sites import read_sites, sites
from tests.fakes.configured import adapter, context, read

HEADER = "Code INSEE;Nom;Maire\n"
TICKET = {"key": "id", "site": "site", "subject": "objet", "created": "cree", "updated": "cree"}


async def tickets(folder: Path, kind: Any, data: bytes, name: str, **settings: Any) -> Any:
    """Read one table of tickets that has these bytes."""
    (folder / name).write_bytes(data)
    table = {
        "path": name,
        "columns": {**TICKET, **settings.pop("columns", {})},
        "defaults": {"status": "open"},
        **settings,
    }
    source = adapter(kind, {"tickets": table}, context(folder))
    return await read(source, Stream.TICKETS), await source.probe()


# -- csv -----------------------------------------------------------------------


async def test_empty_cells_that_excel_leaves_out_are_empty(tmp_path: Path) -> None:
    found = await read_sites(
        tmp_path, HEADER + "17010;Saintes;M. Exemple 01\n17011;Marans\n17012\n"
    )
    assert {key: row.name for key, row in found.rows.items()} == {
        "17010": "Saintes",
        "17011": "Marans",
    }
    assert found.reasons == {
        "sites.csv, line 4": "column Nom is empty: a value is required",
    }
    (tmp_path / "sites.csv").write_text(HEADER + "17011;Marans\n")
    probe = await sites(tmp_path).probe()
    assert any("1 row has fewer cells" in note for note in probe.notes)
    assert not probe.remarks


async def test_halves_of_a_row_are_no_rows(tmp_path: Path) -> None:
    """A line break in a cell that nobody quoted."""
    content = HEADER + "17010;Saintes;M. Exemple 01\n17999-ANX;Mairie annexe\n(ancien presbytère)\n"
    found = await read_sites(tmp_path, content + "17011;Marans;\n17012;Aytré\n")
    assert list(found.rows) == ["17010", "17011", "17012"]
    assert found.reasons == {
        "sites.csv, line 3": "2 cells where the header has 3",
        "sites.csv, line 4": "1 cells where the header has 3",
    }


@pytest.mark.parametrize("before", [b"\r\n", b"\xef\xbb\xbf\r\n", b"\r\n\xef\xbb\xbf", b"\n\n"])
@pytest.mark.parametrize("header", [1, 2])
async def test_empty_lines_and_marks_before_the_header(
    tmp_path: Path, before: bytes, header: int
) -> None:
    content = before + (HEADER + "17300;Marans;\n").encode()
    found = await read_sites(tmp_path, content, header=header)
    assert list(found.rows) == ["17300"]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ('"=""01004"""', "01004"),
        ("'17028", "17028"),
        ("’17028", "17028"),
        ("17415.0", "17415"),
        ("17415,00", "17415"),
        ("\u200b17415\ufeff", "17415"),
        ("17\u202f415", "17415"),
        ("17\u00a0415", "17415"),
        ("2A004", "2A004"),
        ("2E10", "2E10"),
        ("01004", "01004"),
    ],
)
async def test_codes_as_spreadsheets_write_them(tmp_path: Path, written: str, code: str) -> None:
    found = await read_sites(tmp_path, f"{HEADER}{written};Marans;\n", encoding="utf-8")
    assert [row.code for row in found.rows.values()] == [code]


@pytest.mark.parametrize("written", ["2,10E+13", "2.1e+13", "1E+09"])
async def test_a_code_without_its_digits_is_refused(tmp_path: Path, written: str) -> None:
    found = await read_sites(tmp_path, f"{HEADER}17300;Marans;\n{written};Saintes;\n")
    assert list(found.rows) == ["17300"]
    (reason,) = found.reasons.values()
    assert "powers of ten" in reason
    assert "Code INSEE" in reason


@pytest.mark.parametrize(
    "error",
    [
        "#N/A",
        "#REF!",
        "#VALEUR!",
        "#NOM?",
        "#WERT!",
        "#¡REF!",
        "#NV",
        "#DIV/0!",
        "Err:502",
        "#####",
    ],
)
async def test_errors_of_spreadsheets_are_no_values(tmp_path: Path, error: str) -> None:
    content = f"{HEADER}17300;Marans;{error}\n{error};Saintes;\n17012;{error};\n"
    contact = {"code": "Code INSEE", "name": "Nom", "contacts": [{"name": "Maire"}]}
    found = await read_sites(tmp_path, content, contact, encoding="utf-8")
    assert list(found.rows) == ["17300"]
    assert not any(each.name for each in found.rows["17300"].contacts)
    assert all("error of the spreadsheet" in reason for reason in found.reasons.values())
    assert len(found.reasons) == 2


async def test_an_error_in_an_optional_column_is_unknown(tmp_path: Path) -> None:
    population = {"code": "Code INSEE", "name": "Nom", "population": "Maire"}
    found = await read_sites(tmp_path, HEADER + "17300;Marans;#N/A\n", population)
    assert found.rows["17300"].population is None


async def test_a_subject_that_begins_with_a_hash_stays(tmp_path: Path) -> None:
    data = b"id;site;objet;cree\n1;17300;#URGENT!;2026-11-01\n"
    found, _probe = await tickets(tmp_path, CsvAdapter, data, "t.csv")
    assert found.rows["1"].subject == "#URGENT!"


async def test_a_number_with_narrow_blanks_is_a_key(tmp_path: Path) -> None:
    data = "id;site;objet;cree\n291\u202f815;17300;A;2026-11-01\n".encode()
    found, _probe = await tickets(tmp_path, CsvAdapter, data, "t.csv")
    assert list(found.rows) == ["291815"]


async def test_a_huge_cell_is_called_what_it_is(tmp_path: Path) -> None:
    content = f"{HEADER}1;Marans;\n2;{'x' * (1 << 20)};\n3;Saintes;\n"
    found = await read_sites(tmp_path, content)
    assert list(found.rows) == ["1", "3"]
    assert "more than 131072 characters" in next(iter(found.reasons.values()))


# -- encodings -----------------------------------------------------------------

ROW = '{"id":1,"site":"17300","objet":"État civil – clé","cree":"2026-11-01"}'


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16-LE"),
        ("utf-16-be", "UTF-16-BE"),
        ("cp1252", "Windows-1252 (a guess; `encoding` overrules it)"),
    ],
)
async def test_json_in_every_encoding_of_windows(tmp_path: Path, encoding: str, told: str) -> None:
    found, probe = await tickets(tmp_path, JsonAdapter, f"[{ROW}]".encode(encoding), "t.json")
    assert found.rows["1"].subject == "État civil – clé"
    assert probe.notes == (f"t.json: read as {told}",)


async def test_the_command_line_of_windows_has_a_code_page_of_its_own(tmp_path: Path) -> None:
    text = ROW.replace("–", "à la mairie,")
    found, probe = await tickets(tmp_path, JsonAdapter, f"[{text}]".encode("cp850"), "t.json")
    assert found.rows["1"].subject == "État civil à la mairie, clé"
    assert "code page 850 (a guess" in probe.notes[0]


async def test_the_configuration_overrules_the_guess(tmp_path: Path) -> None:
    data = f"[{ROW}]".replace("–", "-").encode("cp1252")
    found, probe = await tickets(tmp_path, JsonAdapter, data, "t.json", encoding="cp437")
    assert found.rows["1"].subject != "État civil - clé"
    assert probe.notes == ("t.json: read as CP437",)
    with pytest.raises(Exception, match="is not known"):
        await tickets(tmp_path, JsonAdapter, data, "t.json", encoding="klingon")


async def test_lines_of_json_in_one_encoding_each(tmp_path: Path) -> None:
    row = ROW.replace('"id":1', '"id":%d')
    data = (
        (row % 1 + "\r\n").encode("utf-8-sig")
        + (row % 2 + "\r\n").encode("utf-16-le")
        + (row % 3 + "\n").encode("cp1252")
        + (row % 4).encode()
    )
    found, _probe = await tickets(tmp_path, JsonAdapter, data, "t.jsonl")
    assert {row.subject for row in found.rows.values()} == {"État civil – clé"}
    assert list(found.rows) == ["1", "2", "3", "4"]


# -- PowerShell ----------------------------------------------------------------


@pytest.mark.parametrize(("text", "rows"), [(ROW, ""), (f'{{"value":{ROW}}}', "value")])
async def test_a_list_of_one_without_its_brackets(tmp_path: Path, text: str, rows: str) -> None:
    found, _probe = await tickets(tmp_path, JsonAdapter, text.encode(), "t.json", rows=rows)
    assert list(found.rows) == ["1"]
    expression = f"{rows or '@'} | @"
    found, _probe = await tickets(tmp_path, JsonAdapter, text.encode(), "t.json", rows=expression)
    assert list(found.rows) == ["1"]


async def test_an_object_that_is_no_row_is_not_taken_for_one(tmp_path: Path) -> None:
    with pytest.raises(BadAnswer, match="a list of rows is expected"):
        await tickets(tmp_path, JsonAdapter, f'{{"items":[{ROW}]}}'.encode(), "t.json")


@pytest.mark.parametrize(
    "written",
    [
        '"/Date(1796000400000)/"',
        r'"\/Date(1796000400000)\/"',
        '"/Date(1796000400000+0100)/"',
        r'{"value":"\/Date(1796000400000)\/","DisplayHint":2,"DateTime":"lundi 30 novembre 2026"}',
    ],
)
async def test_times_as_powershell_writes_them(tmp_path: Path, written: str) -> None:
    data = ROW.replace('"2026-11-01"', written).encode()
    found, _probe = await tickets(tmp_path, JsonAdapter, b"[" + data + b"]", "t.json")
    assert found.rows["1"].created == datetime.fromtimestamp(1796000400, UTC)
