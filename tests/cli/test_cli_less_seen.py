"""A source that shows less than before, and records that move, in the commands."""

from __future__ import annotations

import json

from smic_tui.cli.exits import Exit
from tests.cli.test_cli_act import Office, office

__all__ = ["office"]


def many(office: Office) -> None:
    for _number in range(20):
        office.redmine.add(author={"id": 10, "name": "Agent Deux"})
    assert office("sync")[0] == 0


def listed(office: Office, subject: str = "tickets") -> set[str]:
    _code, said = office("list", subject, "--cached", "--json")
    return {row["id"] for row in json.loads(said)}


def test_a_role_that_shows_less_keeps_the_rows_until_somebody_agrees(office: Office) -> None:
    many(office)
    before = listed(office)
    office.redmine.visibility[2] = "own"
    code, said = office("sync", "desk")
    assert code == 0
    assert "sees less than before" in said
    assert "--accept-fewer desk" in said
    assert listed(office) == before
    code, said = office("doctor", "desk")
    assert code == Exit.ATTENTION
    assert "--accept-fewer desk" in said
    finding = json.loads(office("doctor", "desk", "--json")[1])["sources"][0]
    own = {"part": "Assistance", "extent": 1, "told": "own", "key": "1"}
    assert finding["narrowed"]["less"] == [own]
    assert finding["sees"] == [own]
    code, said = office("sync", "--accept-fewer", "desk")
    assert code == 0
    assert "sees less" not in said
    assert listed(office) == {"1", "2", "3"}, "its own"
    assert "sees less" not in office("doctor", "desk")[1]


def test_agreeing_names_the_source(office: Office) -> None:
    code, said = office("sync", "--accept-fewer")
    assert code == Exit.USAGE
    assert "names of the sources" in said
    assert office("sync", "--accept-fewer", "nowhere")[0] == Exit.USAGE


def test_doctor_lists_how_statuses_were_understood(office: Office) -> None:
    office.configure(more='[sources.desk.statuses]\n"Commentaire" = "open"')
    _code, said = office("doctor", "desk")
    assert "En attente fournisseur = waiting, waiting on: supplier (guessed)" in said
    assert "Commentaire = in progress, waiting on: us\n" in said
    assert "Résolu = resolved\n" in said
    finding = json.loads(office("doctor", "desk", "--json")[1])["sources"][0]
    told = {each["name"]: each for each in finding["understood"]}
    assert told["Installation"]["status"] == "open"
    assert told["En attente fournisseur"]["guessed"] is True


def test_an_issue_that_moves_is_in_the_right_list_at_once(office: Office) -> None:
    assert "1" in listed(office)
    office.redmine.issues[1]["project"] = {"id": 2, "name": "Catalogue"}
    office.redmine.note(1, "agent1", "")
    del office.redmine.issues[2]
    assert office("sync")[0] == 0
    assert not listed(office) & {"1", "2"}
    assert "1" in listed(office, "requests")
