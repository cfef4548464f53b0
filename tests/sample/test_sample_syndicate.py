"""The syndicate is as big as it should be, believable, invented where it must be, repeatable."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smic_tui.sample.communes import base_data, with_de
from smic_tui.sample.members import members
from smic_tui.sample.outage import COPPER, SUPPLIER
from smic_tui.sample.requests import STAGES
from smic_tui.sample.syndicate import Syndicate, compose
from smic_tui.sample.ticket_subjects import TEMPLATES, WORDS

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def made() -> Syndicate:
    return compose(17, NOW)


def test_members_are_515() -> None:
    kinds = Counter(member.kind for member in members(base_data()))
    assert kinds == {"commune": 462, "EPCI": 13, "CCAS": 24, "syndicat": 16}
    assert sum(kinds.values()) == 515


def test_sites_are_712_of_515_members(made: Syndicate) -> None:
    assert len(made.sites) == 712
    assert len({site.code for site in made.sites}) == 712
    assert len({site.name for site in made.sites}) == 712
    assert len({site.member.code for site in made.sites}) == 515
    assert len({site.email for site in made.sites}) == 712


def test_names_and_codes_of_sites_do_not_depend_on_the_seed(made: Syndicate) -> None:
    other = compose(3, NOW)
    assert [(site.code, site.name) for site in other.sites] == [
        (site.code, site.name) for site in made.sites
    ]
    assert other.sites != made.sites


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Saintes", "de Saintes"),
        ("La Rochelle", "de La Rochelle"),
        ("Le Thou", "du Thou"),
        ("Les Mathes", "des Mathes"),
        ("Aytré", "d'Aytré"),
        ("Échillais", "d'Échillais"),
        ("L'Houmeau", "de L'Houmeau"),
        ("Île-d'Aix", "de l'Île-d'Aix"),
        ("Yves", "d'Yves"),
    ],
)
def test_names_of_communes_after_de(name: str, expected: str) -> None:
    assert with_de(name) == expected


def test_lines_are_as_poor_as_the_country_is(made: Syndicate) -> None:
    lines = Counter(site.line for site in made.sites)
    assert set(lines) == {"RTC", "ADSL", "VDSL", "fibre", "4G"}
    assert lines["ADSL"] > 150
    assert 5 <= lines["RTC"] <= 50
    assert 200 <= lines["fibre"] <= 380


def test_the_outage_took_forty_sites_down_together(made: Syndicate) -> None:
    by_code = {site.code: site for site in made.sites}
    hit = [
        one
        for one in made.health
        if not one.service and one.state == "DOWN" and one.site.code in made.outage.sites
    ]
    assert len(hit) == len(made.outage.sites) == 40
    assert {by_code[code].supplier for code in made.outage.sites} == {SUPPLIER}
    assert {by_code[code].line for code in made.outage.sites} <= set(COPPER)
    assert max(one.since for one in hit) - min(one.since for one in hit) < timedelta(minutes=2)
    assert timedelta(hours=1) < NOW - made.outage.began < timedelta(hours=3)
    told = [ticket for ticket in made.tickets if SUPPLIER in ticket.subject]
    assert len(told) == 1
    about = [
        one for one in made.tickets if one.queue == "Réseau" and one.created >= made.outage.began
    ]
    assert len(about) >= 6
    assert all(one.is_open for one in about)


def test_no_backup_ran_where_the_line_was_down(made: Syndicate) -> None:
    late = [run for run in made.runs if run.started >= made.outage.began]
    assert late
    assert not any(run.job.site.code in made.outage.sites for run in late)


def test_scattered_sites_are_down_besides(made: Syndicate) -> None:
    down = [
        one
        for one in made.health
        if not one.service and one.state == "DOWN" and one.site.code not in made.outage.sites
    ]
    assert len(down) == 6
    assert sum(one.acknowledged for one in down) == 2
    assert sum(one.downtime for one in down) == 1


def test_tickets_are_two_thousand_a_month(made: Syndicate) -> None:
    last_month = [one for one in made.tickets if NOW - one.created < timedelta(days=30)]
    assert 1700 <= len(last_month) <= 2300
    assert 3500 <= len(made.tickets) <= 4500
    assert [one.number for one in made.tickets] == sorted({one.number for one in made.tickets})


def test_first_level_is_subcontracted(made: Syndicate) -> None:
    queues = Counter(one.queue for one in made.tickets)
    assert queues["Assistance niveau 1"] > 0.5 * len(made.tickets)
    first_level = [one for one in made.tickets if one.queue == "Assistance niveau 1"]
    assert all(one.supplier for one in first_level)


def test_subjects_are_various_and_follow_the_season(made: Syndicate) -> None:
    subjects = Counter(one.subject for one in made.tickets)
    assert len(subjects) > 250
    assert subjects.most_common(1)[0][1] < 0.05 * len(made.tickets)
    assert any("rentrée" in one for one in subjects)
    winter = {one.subject for one in compose(17, datetime(2027, 2, 20, tzinfo=UTC)).tickets}
    assert not any("rentrée" in one for one in winter)
    assert any("Vœux" in one for one in winter)


def test_every_template_can_be_filled() -> None:
    for templates in TEMPLATES.values():
        for template in templates:
            filled = template.text.format(**{name: words[0] for name, words in WORDS.items()})
            assert "{" not in filled


def test_requests_stand_in_every_stage(made: Syndicate) -> None:
    assert Counter(request.stage for request in made.requests) == STAGES
    assert sum(STAGES.values()) == 150
    assert len({request.reference for request in made.requests}) == 150


def test_some_two_thousand_backup_jobs(made: Syndicate) -> None:
    assert 1900 <= len(made.jobs) <= 2100
    assert 6 <= len(made.runs) / len(made.jobs) <= 10
    per_site = {(job.site.code, job.application) for job in made.jobs}
    assert len(per_site) == len(made.jobs)


def test_persons_are_obviously_invented(made: Syndicate) -> None:
    person = re.compile(r"(Agent|Technicien) Exemple \d{2,3}|Centre d'appels Exemple")
    owners = {one.owner for one in made.tickets} | {one.owner for one in made.requests}
    assert all(person.fullmatch(owner) for owner in owners - {""})
    offices = re.compile(
        r"Secrétariat|Accueil|Service|État civil|Direction|Atelier|Responsable|Supervision"
        r"|Agent d'accueil"
    )
    callers = {one.requester for one in made.tickets} | {site.contact for site in made.sites}
    callers |= {one.requester for one in made.requests}
    assert all(person.fullmatch(caller) or offices.match(caller) for caller in callers)
    assert all(site.email.endswith("@example.org") for site in made.sites)
    assert all(re.fullmatch(r"05 36 49 \d\d \d\d", site.phone) for site in made.sites)
    assert all(re.fullmatch(r"06 39 98 \d\d \d\d|", site.mobile) for site in made.sites)
    assert all(site.supplier.endswith(" Exemple") for site in made.sites)


def test_same_seed_and_moment_make_the_same_syndicate(made: Syndicate) -> None:
    assert compose(17, NOW) == made
    assert compose(18, NOW) != made
    assert compose(17, NOW + timedelta(hours=1)) != made


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    now=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)).map(
        lambda moment: moment.replace(tzinfo=UTC, microsecond=0)
    ),
)
def test_whatever_the_seed_and_the_moment(seed: int, now: datetime) -> None:
    made = compose(seed, now)
    assert len(made.sites) == 712
    assert 1850 <= len(made.jobs) <= 2150
    assert 250 <= sum(ticket.is_open for ticket in made.tickets) <= 350
    assert 3400 <= len(made.tickets) <= 4600
    hosts = [one for one in made.health if not one.service]
    assert len(hosts) == 712 - 26
    assert sum(one.state == "DOWN" for one in hosts) == 46
    assert len({run.key for run in made.runs}) == len(made.runs)
    assert all(run.started <= now and (run.ended is None or run.ended <= now) for run in made.runs)
    assert all(one.created <= one.updated <= now for one in made.tickets)
    assert all(one.created <= one.updated <= now for one in made.requests)
    assert all(one.since <= one.checked <= now for one in made.health)
