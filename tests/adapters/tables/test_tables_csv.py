"""The csv kind: encodings, headers, rows, mapping and settings."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.csv_files.adapter import CsvAdapter
from adapters.tables.spreadsheet import is_error, unwrapped
from smic_tui.contract.adapter import Adapter
from smic_tui.contract.errors import BadAnswer
from smic_tui.records import Contact, RunResult, Stream, TicketStatus
from smic_tui.testing.adapters import AdapterConformance
from tests.adapters.tables.csv_sites import SITE, read_sites, sites
from tests.fakes.configured import adapter, context, read


@pytest.mark.usefixtures("later")
class TestKit(AdapterConformance):
    @staticmethod
    def make(tmp_path: Path) -> Adapter[Any]:
        if not (tmp_path / "sites.csv").exists():
            rows = "".join(f"17{n:05};Mairie déléguée {n};{n}\r\n" for n in range(5000))
            (tmp_path / "sites.csv").write_bytes(
                f"Code;Nom;Hab\r\n{rows}1;x;y\r\n".encode("cp1252")
            )
            (tmp_path / "plan.csv").write_text("Site\tAppli\tTous les\n17000\tcompta\t1 j\n")
        return TestKit.on(tmp_path, "sites.csv", "plan.csv")

    @staticmethod
    def make_unreachable(tmp_path: Path) -> Adapter[Any]:
        return TestKit.on(tmp_path, "gone/sites.csv", "gone/plan.csv")

    @staticmethod
    def on(folder: Path, first: str, second: str) -> Adapter[Any]:
        tables = {
            "sites": {
                "path": first,
                "columns": {"code": "Code", "name": "Nom", "population": "Hab"},
            },
            "backup_jobs": {
                "path": second,
                "columns": {"site": "Site", "application": "Appli", "period": "Tous les"},
            },
        }
        found: Adapter[Any] = adapter(CsvAdapter, tables, context(folder))
        return found


# -- encodings, separators, headers --------------------------------------------

TEXT = "Code INSEE;Nom;Maire\r\n17300;La Rochelle – Préfecture;M. Œuvré\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-32"])
async def test_encodings_are_told_apart(tmp_path: Path, encoding: str) -> None:
    found = await read_sites(tmp_path, TEXT.encode(encoding), {**SITE, "member": "Maire"})
    assert found.rows["17300"].name == "La Rochelle – Préfecture"
    assert found.rows["17300"].member == "M. Œuvré"


async def test_an_encoding_can_be_named(tmp_path: Path) -> None:
    found = await read_sites(tmp_path, TEXT.encode("cp850", "replace"), encoding="cp850")
    assert found.rows["17300"].name == "La Rochelle ? Préfecture"


async def test_one_broken_byte_does_not_garble_every_accent(tmp_path: Path) -> None:
    content = "Code INSEE;Nom\n1;Préfecture\n2;Été\n3;Né\n".encode() + b"4;Caf\xe9\n"
    found = await read_sites(tmp_path, content)
    assert [row.name for row in found.rows.values()] == ["Préfecture", "Été", "Né", "Caf\ufffd"]
    remarks = (await sites(tmp_path).probe()).remarks
    assert remarks == ("sites.csv: 1 character is not utf-8: check `encoding`",)


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
async def test_separators_are_found_by_the_columns(tmp_path: Path, separator: str) -> None:
    # The name has more of each other separator than there are columns.
    header = separator.join(["Code INSEE", "Nom", '"a;,b;,c|,d\t|"'])
    content = f"{header}\n{separator.join(['17300', 'La Jarne', 'x'])}\n"
    found = await read_sites(tmp_path, content)
    assert found.rows["17300"].name == "La Jarne"


async def test_a_separator_can_be_named(tmp_path: Path) -> None:
    found = await read_sites(tmp_path, "Code INSEE\tNom\n1\tA\n", separator="tab")
    assert found.rows["1"].name == "A"
    found = await read_sites(tmp_path, "Code INSEE~Nom\n1~A\n", separator="~")
    assert found.rows["1"].name == "A"


async def test_excel_may_name_the_separator(tmp_path: Path) -> None:
    found = await read_sites(tmp_path, "\ufeffsep=;\r\nCode INSEE;Nom\r\n1;A\r\n2;\r\n")
    assert found.rows["1"].name == "A"
    assert list(found.reasons) == ["sites.csv, line 4"]


async def test_the_header_may_stand_lower(tmp_path: Path) -> None:
    content = "Liste des membres;;\n;;\nCode INSEE;Nom;\n1;A;\n2;;\n"
    found = await read_sites(tmp_path, content, header=3)
    assert found.rows["1"].name == "A"
    assert list(found.reasons) == ["sites.csv, line 5"]


async def test_headers_match_without_case_accents_and_blanks(tmp_path: Path) -> None:
    found = await read_sites(tmp_path, " code\N{NO-BREAK SPACE} insee ;NOM\n1;A\n")
    assert found.rows["1"].name == "A"


async def test_a_header_cell_may_hold_a_line_break(tmp_path: Path) -> None:
    found = await read_sites(tmp_path, '"Code\nINSEE";Nom\n1;A\n2;\n')
    assert found.rows["1"].name == "A"
    assert list(found.reasons) == ["sites.csv, line 4"]


async def test_a_missing_column_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(BadAnswer, match='no column "Code INSEE" in line 1') as caught:
        await read_sites(tmp_path, "Code INSE;Nom\n1;A\n")
    assert 'Did you mean "Code INSE"?' in caught.value.hint
    assert "Code INSE, Nom" in caught.value.hint


async def test_a_column_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadAnswer, match='"Nom" occurs 2 times'):
        await read_sites(tmp_path, "Code INSEE;Nom;Nom\n1;A;B\n")


async def test_twice_a_column_that_nobody_needs_does_not_matter(tmp_path: Path) -> None:
    assert (await read_sites(tmp_path, "Code INSEE;Nom;x;x\n1;A;;\n")).rows


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"sep=;\n"])
async def test_a_file_without_header_is_a_bad_answer(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(BadAnswer, match="no header"):
        await read_sites(tmp_path, content)


async def test_a_header_alone_is_an_empty_list(tmp_path: Path) -> None:
    found = await read_sites(tmp_path, "Code INSEE;Nom\r\n")
    assert (found.rows, found.full, found.rejected) == ({}, True, [])


# -- rows ------------------------------------------------------------------------


async def test_rows_are_set_aside_with_the_line_they_begin_on(tmp_path: Path) -> None:
    content = (
        "Code INSEE;Nom;Hab\r\n"
        '1;"deux\r\nlignes";10\r\n'  # 2
        "\r\n"
        "2;sans nombre;beaucoup\r\n"  # 5
        ";sans code;5\r\n"
        "3;trop court\r\n"
        '4;"deux\nlignes";bad\r\n'  # 8
        "5;trop;7;long\r\n"  # 10
        "6;vides en trop;7;;\r\n"
        "1;encore;8\r\n"
        ";;\r\n"
    )
    found = await read_sites(tmp_path, content, {**SITE, "population": "Hab"})
    assert list(found.rows) == ["1", "3", "6"]
    assert found.rows["1"].name == "deux\r\nlignes"
    assert found.reasons == {
        "sites.csv, line 5": 'column Hab: "beaucoup" is not a whole number',
        "sites.csv, line 6": "column Code INSEE is empty: a value is required",
        "sites.csv, line 8": 'column Hab: "bad" is not a whole number',
        "sites.csv, line 10": "4 cells where the header has 3",
        "sites.csv, line 12": "the key 1 stands already on line 2",
    }
    assert found.rejected[0].sample == "2;sans nombre;beaucoup"


async def test_a_quote_that_is_never_closed_costs_one_row(tmp_path: Path) -> None:
    lines = [f"{n};site {n}" for n in range(1000)]
    lines[10] = '10;"jamais fermé'
    found = await read_sites(tmp_path, "Code INSEE;Nom\n" + "\n".join(lines) + "\n")
    assert len(found.rows) == 999
    assert list(found.reasons) == ["sites.csv, line 12"]
    assert "quote" in found.rejected[0].reason


async def test_quotes_in_the_middle_cost_their_rows_only(tmp_path: Path) -> None:
    content = 'Code INSEE;Nom\n1;"A" bis\n2;B "bis"\n3;"C\n4;D\n5;"E" x\n6;F\n'
    found = await read_sites(tmp_path, content)
    assert {row.name for row in found.rows.values()} == {'B "bis"', "D", "F"}
    assert list(found.reasons) == [f"sites.csv, line {n}" for n in (2, 4, 6)]


async def test_doubled_quotes_and_separators_within_quotes(tmp_path: Path) -> None:
    found = await read_sites(tmp_path, 'Code INSEE;Nom\n1;"La ""Grande"" école; annexe"\n')
    assert found.rows["1"].name == 'La "Grande" école; annexe'


async def test_a_nul_in_a_cell_stays_in_its_cell(tmp_path: Path) -> None:
    found = await read_sites(tmp_path, "Code INSEE;Nom\n1;a\0b\n2;c\n")
    assert [row.name for row in found.rows.values()] == ["a\0b", "c"]


async def test_a_huge_cell_costs_one_row(tmp_path: Path) -> None:
    found = await read_sites(tmp_path, f"Code INSEE;Nom\n1;{'x' * 200_000}\n2;B\n")
    assert list(found.rows) == ["2"]
    assert list(found.reasons) == ["sites.csv, line 2"]
    assert len(found.rejected[0].sample) <= 120


async def test_old_macintosh_line_ends(tmp_path: Path) -> None:
    found = await read_sites(tmp_path, "Code INSEE;Nom\r1;A\r2;\r")
    assert found.rows["1"].name == "A"
    assert list(found.reasons) == ["sites.csv, line 3"]


async def test_a_unicode_line_separator_ends_no_line(tmp_path: Path) -> None:
    found = await read_sites(tmp_path, "Code INSEE;Nom\n1;a\u2028b\x85c\n2;\n")
    assert found.rows["1"].name == "a\u2028b\x85c"
    assert list(found.reasons) == ["sites.csv, line 3"]


async def test_if_no_row_fits_the_old_rows_are_kept(tmp_path: Path) -> None:
    with pytest.raises(BadAnswer, match=r"no row of sites.csv can be read; sites.csv, line 2: col"):
        await read_sites(
            tmp_path, "Code INSEE;Nom;Hab\n1;A;x\n2;B;y\n", {**SITE, "population": "Hab"}
        )


def read_as(name: str) -> str:
    """A name as it is read: marks of byte order mean nothing, a formula for a text is the text."""
    return unwrapped(name.replace("\ufeff", "").strip()).strip()


@settings(max_examples=150, deadline=None)
@given(
    names=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)),
    quote_all=st.booleans(),
)
def test_nothing_is_lost_whatever_the_cells_hold(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], quote_all: bool
) -> None:
    """Each row written by another program is read or set aside, with its own line."""
    import csv
    import io

    out = io.StringIO(newline="")
    writer = csv.writer(
        out, delimiter=";", quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    )
    writer.writerow(["Code INSEE", "Nom"])
    starts = []
    for number, name in enumerate(names):
        starts.append(len(list(io.StringIO(out.getvalue(), newline=""))) + 1)
        writer.writerow([str(number), name])
    folder = tmp_path_factory.mktemp("csv")
    try:
        found = asyncio.run(read_sites(folder, out.getvalue(), separator=";", encoding="utf-8"))
    except BadAnswer:
        assert names
        assert not any(read_as(name) and not is_error(read_as(name)) for name in names)
        return
    assert len(found.rows) + len(found.rejected) == len(names)
    for number, name in enumerate(names):
        if read_as(name) and not is_error(read_as(name)):
            assert found.rows[str(number)].name == read_as(name)
        else:
            assert f"sites.csv, line {starts[number]}" in found.reasons


@settings(max_examples=150, deadline=None)
@given(garbage=st.binary(max_size=400) | st.text(';"\n\r,a1\x00é', max_size=200).map(str.encode))
def test_garbage_ends_in_rows_rejects_or_a_bad_answer(
    tmp_path_factory: pytest.TempPathFactory, garbage: bytes
) -> None:
    folder = tmp_path_factory.mktemp("csv")
    for content in (garbage, b"Code INSEE;Nom\n" + garbage):
        try:
            found = asyncio.run(read_sites(folder, content))
        except BadAnswer:
            continue
        for rejected in found.rejected:
            assert rejected.where
            assert rejected.reason


# -- mapping ---------------------------------------------------------------------


async def test_every_kind_of_value(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text(
        "Travail;Début;Fin;État;Volume\n"
        "17300/compta;23/11/2026 22:00;23/11/2026 23:30;Réussi;1,2 Go\n"
        "17300/compta;22/11/2026 22:00;;en échec;\n"
    )
    table = {
        "path": "runs.csv",
        "columns": {
            "job": "Travail",
            "started": "Début",
            "ended": "Fin",
            "result": "État",
            "size": "Volume",
        },
        "values": {"result": {"réussi": "ok", "EN ECHEC": "failed"}},
        "defaults": {"message": "journal"},
    }
    found = await read(
        adapter(CsvAdapter, {"backup_runs": table}, context(tmp_path)), Stream.BACKUP_RUNS
    )
    first = found.rows["17300/compta/2026-11-23T21:00:00Z"]
    assert first.started == datetime(2026, 11, 23, 21, tzinfo=UTC)
    assert first.ended == datetime(2026, 11, 23, 22, 30, tzinfo=UTC)
    assert (first.result, first.size, first.message) == (RunResult.OK, 1_200_000_000, "journal")
    second = found.rows["17300/compta/2026-11-22T21:00:00Z"]
    assert (second.result, second.size, second.ended) == (RunResult.FAILED, None, None)


async def test_plans(tmp_path: Path) -> None:
    (tmp_path / "plan.csv").write_text(
        "Site;Appli;Tous les;Tolérance;Fermé;Fériés;Horaire\n"
        "17300;compta;24 h;2h;samedi, dimanche;oui;\n"
        "17300;paie;;;;;30 21 * * 1-5\n"
        "17300;autre;;;;;tous les soirs\n"
    )
    columns = {
        "site": "Site",
        "application": "Appli",
        "period": "Tous les",
        "grace": "Tolérance",
        "closed": "Fermé",
        "holidays": "Fériés",
        "calendar": "Horaire",
    }
    table = {"path": "plan.csv", "columns": columns}
    found = await read(
        adapter(CsvAdapter, {"backup_jobs": table}, context(tmp_path)), Stream.BACKUP_JOBS
    )
    job = found.rows["17300/compta"]
    assert (job.period, job.grace, job.closed, job.holidays) == (86400, 7200, (5, 6), True)
    assert found.rows["17300/paie"].calendar == "30 21 * * 1-5"
    assert "cron" in found.reasons["plan.csv, line 4"]


async def test_contacts_lists_and_decimal_commas(tmp_path: Path) -> None:
    content = (
        "Code INSEE;Nom;Lat;Lon;Logiciels;PC;NAS;Maire;Tél;Mobile\n"
        '1;A;46,15;-1,15;"compta, paie ,";Serveur HP;;Mme Roy;05 46;\n'
        "2;B;95;0;;;;;;06 07\n"
        "3;C;;;;;;;;06 08\n"
    )
    columns = {
        **SITE,
        "latitude": "Lat",
        "longitude": "Lon",
        "applications": "Logiciels",
        "equipment": ["PC", "NAS"],
        "contacts": [{"name": "Maire", "phone": "Tél"}, {"phone": "Mobile"}],
    }
    found = await read_sites(tmp_path, content, columns)
    site = found.rows["1"]
    assert (site.latitude, site.longitude) == (46.15, -1.15)
    assert site.applications == ("compta", "paie")
    assert site.equipment == ("Serveur HP",)
    assert site.contacts == (Contact(name="Mme Roy", phone="05 46"),)
    assert found.rows["3"].contacts == (Contact(phone="06 08"),)
    assert found.reasons["sites.csv, line 3"] == 'column Lat: "95" is not between -90 and 90'


async def test_tickets_keep_the_source_s_word(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "N°;Objet;État;Créé;Échéance;Prio\n"
        "7;Imprimante;En cours;24/11/2026;25/11/2026;2\n"
        "8;Écran;bizarre;24/11/2026;;3\n"
        "9;Souris;waiting;24/11/2026;;9\n"
    )
    table = {
        "path": "t.csv",
        "columns": {
            "key": "N°",
            "subject": "Objet",
            "status": "État",
            "created": "Créé",
            "updated": "Créé",
            "due": "Échéance",
            "priority": "Prio",
        },
        "values": {"status": {"en cours": "open"}},
        "timezone": "UTC",
    }
    found = await read(adapter(CsvAdapter, {"tickets": table}, context(tmp_path)), Stream.TICKETS)
    ticket = found.rows["7"]
    assert (ticket.status, ticket.status_label) == (TicketStatus.OPEN, "En cours")
    assert ticket.created == datetime(2026, 11, 24, tzinfo=UTC)
    assert ticket.due == datetime(2026, 11, 25, 23, 59, 59, tzinfo=UTC)
    assert found.reasons == {
        "t.csv, line 3": (
            'column État: "bizarre" is not one of new, open, waiting, resolved, closed'
        ),
        "t.csv, line 4": 'column Prio: "9" is not between 1 and 5',
    }


async def test_keys_of_health(tmp_path: Path) -> None:
    (tmp_path / "h.csv").write_text("hote,service,etat\nrouteur,,up\nrouteur,disque,warning\n")
    table = {
        "path": "h.csv",
        "columns": {"site": "hote", "host": "hote", "service": "service", "state": "etat"},
    }
    found = await read(adapter(CsvAdapter, {"health": table}, context(tmp_path)), Stream.HEALTH)
    assert list(found.rows) == ["routeur", "routeur/disque"]


# -- settings ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"columns": {"code": "a", "nmae": "b"}}, "unknown field `nmae`"),
        ({"columns": {"code": "a"}}, r"columns: `name` \(text\) is required"),
        ({"columns": {}}, "columns is empty"),
        ({"columns": {**SITE, "name": ["a", "b"]}}, "columns.name: one column is expected"),
        ({"defaults": {"population": "x"}}, 'defaults.population: "x" is not a whole number'),
        ({"values": {"population": {"peu": "x"}}}, 'values.population: "x" is not a whole number'),
        ({"timezone": "Europe/Saintes"}, 'timezone: "Europe/Saintes" is not'),
        ({"dates": ["jj/mm/aaaa"]}, 'dates: "jj/mm/aaaa" is neither'),
        ({"encoding": "utf-9"}, 'encoding: "utf-9" is not known'),
        ({"encoding": "base64"}, 'encoding: "base64" is not known'),
        ({"separator": "ab"}, "separator: one character"),
        ({"separator": '"'}, "separator: neither"),
        ({"path": ""}, "exactly one of path and url"),
        ({"url": "https://a/b.csv"}, "exactly one of path and url"),
        ({"path": "", "url": "ftp://a"}, "url: http://"),
        ({"path": "", "url": "https://u:hush@a/"}, "^url: (?!.*hush)"),
        ({"decimal": ";"}, "regex"),
        ({"password": {"env": "X"}}, "password needs user"),
        ({"user": "u", "password": {"env": "X"}, "token": {"env": "Y"}}, "exclude each other"),
    ],
)
def test_settings_that_cannot_work_are_refused(table: dict[str, Any], message: str) -> None:
    whole = {"sites": {"path": "sites.csv", "columns": SITE, **table}}
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.convert(whole, CsvAdapter.config_type)


def test_a_source_without_a_table_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="at least one of sites, health"):
        msgspec.convert({}, CsvAdapter.config_type)


def test_tickets_need_a_key_and_runs_a_job() -> None:
    columns = {"subject": "a", "status": "b", "created": "c", "updated": "c"}
    with pytest.raises(msgspec.ValidationError, match="`key`"):
        msgspec.convert({"tickets": {"path": "x", "columns": columns}}, CsvAdapter.config_type)
    columns = {"started": "a", "result": "b"}
    with pytest.raises(msgspec.ValidationError, match="`job`, or `site` and `application`"):
        msgspec.convert({"backup_runs": {"path": "x", "columns": columns}}, CsvAdapter.config_type)


def test_a_default_may_stand_for_a_required_column() -> None:
    columns = {"site": "a", "host": "a"}
    table = {"path": "x", "columns": columns, "defaults": {"state": "up"}}
    msgspec.convert({"health": table}, CsvAdapter.config_type)
