"""Tables in files: whether they changed, and what can be wrong with a file."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from adapters.csv_files.adapter import CsvAdapter
from adapters.http.documents import Document
from adapters.json_files.adapter import JsonAdapter
from adapters.tables.row_reading import PIECE
from smic_tui.contract.errors import AuthFailed, BadAnswer, Unavailable
from smic_tui.records import Stream
from tests.adapters.tables.csv_sites import SITE, read_sites, sites
from tests.fakes.configured import adapter, context, read


@pytest.mark.usefixtures("later")
async def test_an_unchanged_file_is_not_parsed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sites.csv").write_text("Code INSEE;Nom\n1;A\n2;\n")
    first = await read(sites(tmp_path), Stream.SITES)

    def parse(*_arguments: object) -> None:
        raise AssertionError("parsed again")

    monkeypatch.setattr(CsvAdapter, "rows", parse)
    again = await read(sites(tmp_path), Stream.SITES, first.cursor)
    assert (again.full, again.rows, again.cursor) == (False, {}, first.cursor)
    assert again.rejected == first.rejected, "what was set aside must stay visible"


@pytest.mark.usefixtures("later")
async def test_a_changed_file_is_read_in_full(tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_text("Code INSEE;Nom\n1;A\n2;B\n")
    first = await read(sites(tmp_path), Stream.SITES)
    replacement = tmp_path / "new.csv"
    replacement.write_text("Code INSEE;Nom\n1;C\n3;D\n")
    replacement.replace(tmp_path / "sites.csv")
    again = await read(sites(tmp_path), Stream.SITES, first.cursor)
    assert again.full
    assert {key: row.name for key, row in again.rows.items()} == {"1": "C", "3": "D"}


async def test_a_file_changed_a_moment_ago_is_not_trusted_to_stay(tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_text("Code INSEE;Nom\n1;A\n")
    first = await read(sites(tmp_path), Stream.SITES)
    again = await read(sites(tmp_path), Stream.SITES, first.cursor)
    assert again.full
    assert again.rows


@pytest.mark.usefixtures("later")
async def test_other_settings_make_the_file_be_read_again(tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_text("Code INSEE;Nom;Autre\n1;A;B\n")
    first = await read(sites(tmp_path), Stream.SITES)
    other = sites(tmp_path, {"code": "Code INSEE", "name": "Autre"})
    assert (await read(other, Stream.SITES, first.cursor)).rows["1"].name == "B"
    elsewhere = adapter(
        CsvAdapter,
        {"sites": {"path": "sites.csv", "columns": SITE}},
        context(tmp_path, timezone="UTC"),
    )
    assert (await read(elsewhere, Stream.SITES, first.cursor)).full


@pytest.mark.usefixtures("later")
async def test_many_bad_rows_are_counted_again_rather_than_remembered(tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_text(
        "Code INSEE;Nom\n0;A\n" + "".join(f"{n};\n" for n in range(1, 500))
    )
    first = await read(sites(tmp_path), Stream.SITES)
    again = await read(sites(tmp_path), Stream.SITES, first.cursor)
    assert len(first.rejected) == len(again.rejected) == 499
    assert len(first.cursor or "") < 1000


async def test_large_files_come_in_pieces(tmp_path: Path) -> None:
    count = 2 * PIECE
    rows = "".join(f"{n};site\n" for n in range(count))
    found = await read_sites(tmp_path, "Code INSEE;Nom\n" + rows)
    assert len(found.rows) == count
    assert max(len(batch.upserts) for batch in found.batches) == PIECE
    assert [batch.cursor is not None for batch in found.batches] == [False, False, True]


async def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadAnswer, match="more than 2000 bytes") as caught:
        await read_sites(tmp_path, "Code INSEE;Nom\n" + "1;A\n" * 1000, max_bytes=2000)
    assert "max_bytes" in caught.value.hint


async def test_a_missing_file_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"sites.csv does not exist") as caught:
        await read(sites(tmp_path), Stream.SITES)
    assert "path" in caught.value.hint


async def test_a_forbidden_file_parks_the_source(tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_text("x")
    (tmp_path / "sites.csv").chmod(0)
    if os.access(tmp_path / "sites.csv", os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(AuthFailed, match="may not be read") as caught:
        await read(sites(tmp_path), Stream.SITES)
    assert "right to read" in caught.value.hint


async def test_a_refusal_by_the_system_parks_the_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("adapters.http.documents.os.open", refuse)
    with pytest.raises(AuthFailed, match="may not be read"):
        await read(sites(tmp_path), Stream.SITES)


async def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    (tmp_path / "sites.csv").mkdir()
    with pytest.raises(BadAnswer, match="is a folder"):
        await read(sites(tmp_path), Stream.SITES)


async def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "sites.csv")
    async with asyncio.timeout(30):
        with pytest.raises(BadAnswer, match="not a regular file"):
            await read(sites(tmp_path), Stream.SITES)


async def test_a_path_through_a_file_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="cannot be read: Not a directory"):
        await read(sites(tmp_path, path="file/sites.csv"), Stream.SITES)


async def test_an_absolute_path_and_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sites.csv").write_text("Code INSEE;Nom\n1;A\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    for path in (str(tmp_path / "sites.csv"), "~/sites.csv"):
        found = await read(sites(tmp_path / "elsewhere", path=path), Stream.SITES)
        assert found.rows


async def test_a_file_that_is_being_written_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first look falls into the writing, the second finds it done."""
    path = tmp_path / "sites.csv"
    path.write_text("Code INSEE;Nom\n1;A\n")
    real = os.fstat
    looks = []

    def fstat(handle: int) -> os.stat_result:
        looks.append(handle)
        # Once when it is opened, then before and after it is read.
        if len(looks) == 3:
            with path.open("a") as file:
                file.write("2;B\n")
        return real(handle)

    monkeypatch.setattr("adapters.http.documents.os.fstat", fstat)
    found = await read(sites(tmp_path), Stream.SITES)
    assert list(found.rows) == ["1", "2"]
    assert len(looks) == 6


async def test_a_file_that_never_rests_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sites.csv"
    path.write_text("Code INSEE;Nom\n1;A\n")
    real = os.fstat

    def fstat(handle: int) -> os.stat_result:
        with path.open("a") as file:
            file.write("2;B\n")
        return real(handle)

    monkeypatch.setattr("adapters.http.documents.os.fstat", fstat)
    with pytest.raises(Unavailable, match="written all the time"):
        await read(sites(tmp_path), Stream.SITES)


async def test_a_file_replaced_while_read_is_read_whole_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sites.csv"
    path.write_text("Code INSEE;Nom\n1;A\n")
    other = tmp_path / "other.csv"
    other.write_text("Code INSEE;Nom\n2;B\n")
    real = os.open

    def open_then_replace(*arguments: Any) -> int:
        handle = real(*arguments)
        if other.exists():
            other.replace(path)
        return handle

    monkeypatch.setattr("adapters.http.documents.os.open", open_then_replace)
    first = await read(sites(tmp_path), Stream.SITES)
    assert list(first.rows) in (["1"], ["2"])
    again = await read(sites(tmp_path), Stream.SITES, first.cursor)
    assert list(again.rows) == ["2"]


@pytest.mark.parametrize(("cls", "path"), [(CsvAdapter, "a.csv"), (JsonAdapter, "a.json")])
def test_nothing_is_parsed_before_a_row_is_asked_for(
    cls: type[CsvAdapter | JsonAdapter], path: str, tmp_path: Path
) -> None:
    """Rows are asked for in a thread, made in the event loop."""
    columns = {"code": "code", "name": "nom"}
    source = adapter(cls, {"sites": {"path": path, "columns": columns}}, context(tmp_path))
    rows = source.rows(source.config.sites, Document(name=path, data=b"", version=""))
    with pytest.raises(BadAnswer):
        next(rows)
