"""What a rule can be true of, in words and keys."""

from __future__ import annotations

import pytest

from smic_tui.duty.alert_subjects import SUPPLIER, is_blind, subject_of, subject_of_group
from smic_tui.duty.fact_digest import digest_of
from smic_tui.i18n import phrase, use
from smic_tui.insight.supplier_groups import SupplierGroup
from smic_tui.model.facts import BackupFact, RequestFact, SiteFact, TicketFact
from smic_tui.records import HealthState, RunResult
from tests.insight.insight_examples import (
    ago,
    health,
    job,
    request,
    run,
    site,
    situation,
    ticket,
)

ARS = site("1", "Ars")


@pytest.fixture(autouse=True)
def english() -> None:
    use("en")


def test_a_site_says_what_is_the_matter() -> None:
    (fact,) = situation(ARS, health("1", HealthState.DOWN)).sites
    found = subject_of(fact)
    assert (found.key, found.site) == ("members/1", "members/1")
    assert (found.source, found.record_key) == ("members", "1")
    assert "down" in found.summary
    assert found.digest == digest_of(fact)
    assert not found.blind


def test_a_site_that_is_well_is_told_by_its_state() -> None:
    (fact,) = situation(ARS, health("1", HealthState.UP)).sites
    assert phrase(subject_of(fact).summary) == "up"


def test_what_has_no_known_site_names_it_itself() -> None:
    found = situation(ARS, ticket("7", site="Atlantide"), ticket("8", site="Ars"))
    summaries = {
        subject_of(fact).record_key: phrase(subject_of(fact).summary) for fact in found.tickets
    }
    assert summaries == {
        "7": "Atlantide: #7 Imprimante hors d'usage",
        "8": "#8 Imprimante hors d'usage",
    }


def test_backups_and_requests() -> None:
    found = situation(
        ARS,
        job("a", "1", period=86_400),
        run(ago(hours=1), RunResult.FAILED, job="a"),
        request("3", site="1"),
    )
    (backup,) = found.backups
    (wanted,) = found.requests
    assert phrase(subject_of(backup).summary) == "backup of état civil: failed"
    assert phrase(subject_of(wanted).summary) == "#3 Gestion des cimetières"
    assert subject_of(backup).site == subject_of(wanted).site == "members/1"


def test_a_source_is_never_blind() -> None:
    (well,) = situation(ARS).sources
    (stale,) = situation(ARS, stale=["members"]).sources
    assert phrase(subject_of(well).summary) == "members: nothing is the matter"
    assert phrase(subject_of(stale).summary).startswith("members: ")
    assert phrase(subject_of(stale).summary) != subject_of(well).summary
    for fact in (well, stale):
        assert subject_of(fact).key == subject_of(fact).source == "members"
        assert not is_blind(fact)


@pytest.mark.parametrize("stale", ["members", "plan", "redmine", "catalogue", ""])
def test_a_site_is_blind_when_a_part_of_it_rests_on_a_stale_source(stale: str) -> None:
    found = situation(
        ARS, job("a", "1"), ticket("1", site="1"), request("1", site="1"), stale=[stale]
    )
    (fact,) = found.sites
    assert is_blind(fact) is bool(stale)
    parts: list[BackupFact | TicketFact | RequestFact] = [
        *found.backups,
        *found.tickets,
        *found.requests,
    ]
    for part in parts:
        assert is_blind(part) is (part.source == stale)


def down(count: int) -> tuple[SiteFact, ...]:
    sites = [site(str(n), f"Commune {n}", supplier="Océan") for n in range(count)]
    ill = [health(str(n), HealthState.DOWN) for n in range(count)]
    return situation(*sites, *ill).sites


def test_sites_behind_a_supplier_come_back_when_their_number_doubles() -> None:
    digests = {}
    for count in (3, 4, 7, 8):
        group = SupplierGroup(key="ocean", supplier="Océan", sites=down(count), since=ago(hours=1))
        found = subject_of_group(group)
        assert (found.key, found.record_key) == (SUPPLIER + "ocean", SUPPLIER + "ocean")
        assert phrase(found.summary).startswith("Océan: ")
        digests[count] = found.digest
    assert digests[3] != digests[4] == digests[7] != digests[8]
