"""What sources brought that could not be used, and what would fix it."""

from __future__ import annotations

from smic_tui.contract.batch import Rejected
from smic_tui.contract.view import Narrowed, Sight
from smic_tui.model.facts import Situation, UnmatchedRef
from smic_tui.records import Stream
from smic_tui.views.lists.sources import LISTING as SOURCES_LISTING
from smic_tui.views.problems import problems
from tests.views.view_examples import LOOK, NOW, source, texts


def test_sources_without_problems_have_no_lines() -> None:
    assert problems(Situation(now=NOW, sources=(source(),))) == []


def test_every_problem_says_what_would_fix_it() -> None:
    row = Rejected(where="sites.csv:7", reason="the code is empty", sample=";Matha")
    near = UnmatchedRef(
        source="members", stream=Stream.TICKETS, site_ref="Matta", count=2,
        nearest="Mairie de Matha", nearest_code="17224",
    )  # fmt: skip
    far = UnmatchedRef(source="members", stream=Stream.TICKETS, site_ref="", count=1)
    fact = source(
        {
            "error": "no route to host",
            "hint": "is the VPN up?",
            "rejected": (row,),
            "rejected_count": 3,
        },
        unmatched=(near, far),
    )
    lines = problems(Situation(now=NOW, sources=(fact,), notices=("The disk is full.",)))
    assert texts(lines) == [
        "The disk is full.",
        "members",
        "no route to host",
        "→ is the VPN up?",
        'Matta (tickets, 2 rows) is it Mairie de Matha? Then add "Matta" = "17224" to'
        " [matching.aliases].",
        "– (tickets, 1 row) add it to the register of sites, or to [matching.aliases].",
        "sites.csv:7 the code is empty ;Matha",
        "and 2 more rows",
    ]
    # What the copy key takes is what has to be typed somewhere.
    assert [line.copy for line in lines[3:6]] == ["is the VPN up?", '"Matta" = "17224"', ""]
    keys = [line.key for line in lines if line.key]
    assert len(keys) == len(set(keys)) == 3


def test_an_account_that_sees_less_is_told_with_what_to_do() -> None:
    narrowed = Narrowed(
        since=NOW,
        kept=16,
        known=30,
        lost=tuple("abcdefg"),
        less=(Sight("Assistance", 1, "own"),),
    )
    fact = source({"narrowed": narrowed})
    said, hint = texts(problems(Situation(now=NOW, sources=(fact,))))[1:]
    assert said == (
        "the account sees less than before: not seen any more: a, b, c, d, e and 2 more; "
        "less is seen of: Assistance (own); "
        "16 open rows of 30 are missing, and kept as they were"
    )
    assert hint.endswith("smic-tui sync --accept-fewer members")
    cells = {column.id: column.cell(fact, LOOK).text for column in SOURCES_LISTING.columns}
    assert cells["error"] == said
