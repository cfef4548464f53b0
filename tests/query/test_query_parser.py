from __future__ import annotations

import unicodedata
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smic_tui.config.schema import Person, Settings
from smic_tui.i18n import use
from smic_tui.insight.trouble_lines import troubles
from smic_tui.model.facts import Situation
from smic_tui.model.freshness import Freshness
from smic_tui.query.fields import FieldType, Moment
from smic_tui.query.parser import Query, QuerySyntaxError, parse
from smic_tui.query.subjects.all import FILTERED, fields_for
from smic_tui.records import Actor, Contact, HealthState, RunResult, Stage, TicketStatus
from tests.insight.insight_examples import (
    NOW,
    ago,
    health,
    job,
    paris,
    request,
    run,
    site,
    situation,
    ticket,
)

SUBJECTS = {name: fields_for(name) for name in FILTERED}


@pytest.fixture(autouse=True)
def english() -> None:
    use("en")


@pytest.fixture(scope="module")
def everything() -> Situation:
    return situation(
        site(
            "17300",
            "La Rochelle",
            kind="mairie",
            population=78535,
            line="fibre",
            supplier="Océan Télécom",
            contacts=(Contact(name="Mme Durand", phone="05 46 00 00 00"),),
            equipment=("serveur",),
            applications=("e.magnus",),
        ),
        site("17415", "Saintes", kind="école", population=25470, line="ADSL"),
        health("17300", HealthState.DOWN, since=ago(hours=3), output="délai dépassé"),
        health("17415", HealthState.UP),
        job("a", "17300", application="e.magnus", protocol="restic", period=86400, grace=3600),
        run(ago(days=5), job="a", size=3_000_000_000, message="terminé"),
        job("b", "17415", application="paie", protocol="borg", period=86400),
        run(ago(hours=2), RunResult.FAILED, job="b", message="disque plein"),
        job("c", "nowhere", application="paie"),
        ticket(
            "1",
            site="17300",
            owner="Anne Le Goff",
            priority=1,
            created=ago(days=9),
            updated=ago(days=4),
            due=ago(days=1),
        ),
        ticket("2", site="Saintes", status=TicketStatus.WAITING, due=NOW + timedelta(hours=30)),
        ticket(
            "3",
            subject="Écran noir",
            site="Atlantide",
            status=TicketStatus.CLOSED,
            created=paris("2026-11-23 23:59"),
            updated=paris("2026-11-24 00:00"),
        ),
        request("10", site="17300", software="Cimetières", waiting_on=Actor.WORKING_GROUP),
        request("11", site="17415", stage=Stage.DONE),
        settings=Settings(me=Person(names=("anne le goff",))),
    )


def facts_of(found: Situation, subject: str) -> tuple[Any, ...]:
    return troubles(found) if subject == "overview" else getattr(found, subject)


def keys(found: tuple[Any, ...]) -> set[str]:
    return {fact.key.partition("/")[2] or fact.key for fact in found}


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("sites", "", {"17300", "17415"}),
        ("sites", "rochelle", {"17300"}),
        ("sites", "ROCHELLE fibre", {"17300"}),
        ("sites", "ocean", {"17300"}),
        ("sites", "durand", {"17300"}),
        ("sites", '"05 46"', {"17300"}),
        ("sites", "rochelle adsl", set()),
        ("sites", "rochelle or saintes", {"17300", "17415"}),
        ("sites", "rochelle ou saintes", {"17300", "17415"}),
        ("sites", "rochelle and fibre", {"17300"}),
        ("sites", "!rochelle", {"17415"}),
        ("sites", "!!rochelle", {"17300"}),
        ("sites", "state:down", {"17300"}),
        ("sites", 'état:"en panne"', {"17300"}),
        ("sites", "etat:en-panne", {"17300"}),
        ("sites", "ÉTAT:PANNE", {"17300"}),
        ("sites", "state!=down", {"17415"}),
        ("sites", "site:173", {"17300"}),
        ("sites", "site=173", set()),
        ("sites", "site=17300", {"17300"}),
        ("sites", "code!=17300", {"17415"}),
        ("sites", "population>50000", {"17300"}),
        ("sites", "habitants<=25470", {"17415"}),
        ("sites", "population=25470", {"17415"}),
        ("sites", "since>2h", {"17300"}),
        ("sites", "since<4h age<4h state:down", {"17300"}),  # of its health, not of its tickets
        ("overview", "rochelle", {"17300"}),
        ("overview", "about:request or level>=critical", {"17300"}),
        ("overview", "souci:disque ou souci:paie", {"17415", "nowhere"}),
        ("sites", "output:depasse", {"17300"}),
        ("sites", "trouble>=critical", {"17300"}),
        ("sites", "niveau:critique", {"17300"}),
        ("sites", "backups>0", {"17300", "17415"}),
        ("sites", "tickets=1 kind:ecole", {"17415"}),
        ("sites", "nature:école !(ligne:fibre)", {"17415"}),
        ("sites", '(rochelle or saintes) line:"adsl"', {"17415"}),
        ("sites", "rochelle or saintes line:adsl", {"17300", "17415"}),
        ("sites", 'supplier=""', {"17415"}),
        ("sites", 'supplier!=""', {"17300"}),
        ("sites", 'equipment=""', {"17415"}),
        ("backups", "state:overdue", {"a"}),
        ("backups", "état:dépassée ou état:échec", {"a", "b"}),
        ("backups", "age>3d", {"a"}),
        ("backups", "âge>3j", {"a"}),
        ("backups", "age<3d", set()),
        ("backups", "success>4d12h", {"a"}),
        ("backups", "size>=3GB", {"a"}),
        ("backups", "taille>2,9Go", {"a"}),
        ("backups", "size>3GiB", set()),
        ("backups", "started<1d", {"b"}),
        ("backups", "message:plein", {"b"}),
        ("backups", "due<0s", {"a"}),
        ("backups", "is:unmatched", {"c"}),
        ("backups", "est:sans-site", {"c"}),
        ("backups", "is:overdue", {"a"}),
        ("backups", "state:never", {"c"}),
        ("backups", 'success=""', {"b", "c"}),
        ("tickets", "is:mine", {"1"}),
        ("tickets", "mine:yes", {"1"}),
        ("tickets", "moi:oui", {"1"}),
        ("tickets", "mine:no", {"2", "3"}),
        ("tickets", "mine!=no", {"1"}),
        ("tickets", "!is:mine", {"2", "3"}),
        ("tickets", "is:overdue", {"1"}),
        ("tickets", "is:open", {"1", "2"}),
        ("tickets", "priority<=2", {"1"}),
        ("tickets", "priorité:1", {"1"}),
        ("tickets", 'statut:"en attente"', {"2"}),
        ("tickets", "state:waiting", {"2"}),
        ("tickets", "updated>3d", {"1"}),
        ("tickets", "updated<3d", {"2", "3"}),
        ("tickets", "due<2d", {"1", "2"}),
        ("tickets", "due>1d", {"2"}),
        ("tickets", 'due=""', {"3"}),
        ("tickets", "created:2026-11-23", {"3"}),
        ("tickets", "created:23/11/2026", {"3"}),
        ("tickets", "created:yesterday", {"3"}),
        ("tickets", "créé:hier", {"3"}),
        ("tickets", "updated>=today", {"3"}),
        ("tickets", "updated<today", {"1", "2"}),
        ("tickets", "created<=2026-11-15", {"1"}),
        ("tickets", "created>2026-11-15", {"2", "3"}),
        ("tickets", "created!=2026-11-23", {"1", "2"}),
        ("tickets", "created:2026-11-23T23:59", {"3"}),
        ("tickets", "site:atlantide", {"3"}),
        ("tickets", "atlantide", {"3"}),
        ("tickets", 'owner=""', {"2", "3"}),
        ("tickets", 'owner="ANNE LE GOFF"', {"1"}),
        ("requests", "software:cimetieres", {"10"}),
        ("requests", 'waiting:"working group"', {"10"}),
        ("requests", "attente:groupe-de-travail", {"10"}),
        ("requests", "is:open", {"10"}),
        ("requests", "étape:terminée", {"11"}),
        ("sources", "rows>2", {"plan", "redmine"}),
        ("sources", "unmatched>0", {"plan", "redmine"}),
        ("sources", "gives:tickets", {"redmine"}),
        ("sources", "!is:stale state:ok name:icinga", {"icinga"}),
    ],
)
def test_what_a_filter_lets_through(
    everything: Situation, subject: str, text: str, expected: set[str]
) -> None:
    facts = facts_of(everything, subject)
    query = parse(text, fields_for(subject))
    assert keys(query.select(facts, NOW, everything.freshness)) == expected
    assert (
        keys(tuple(fact for fact in facts if query.matches(fact, NOW, everything.freshness)))
        == expected
    )


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("age>", 4, "a value is expected after age>"),
        ("a (b", 2, "never closed"),
        ("a b)", 3, "no parenthesis is open"),
        ("()", 1, "expected"),
        ('a "b', 2, "never closed"),
        ('subject:"b', 8, "never closed"),
        ("a or", 4, "expected"),
        ("or a", 0, "expected"),
        ("a and", 5, "expected"),
        ("!", 1, "expected"),
        ("< 3", 0, "the name of a field is expected before <"),
        ("agee>3d", 0, "did you mean age?"),
        ("bob priorite2:1", 4, "did you mean priority?"),
        ("http://x", 0, "quote it"),
        ("age>3", 4, "a duration"),
        ("age>3x", 4, "a duration"),
        ("age:3d", 3, "< or >"),
        ("priority<high", 9, "a number"),
        ("subject>3", 7, "no order"),
        ("status>open", 6, "no order"),
        ("status:opne", 7, "did you mean open?"),
        ("status:zzzz", 7, "new"),
        ("updated>2026-13-01", 8, "a day"),
        ("updated:3d", 7, "< or >"),
        ("is:mien", 3, "mine"),
        ("is>mine", 3, "mine"),
        ("mine:perhaps", 5, "yes or no"),
        ("level>3", 6, "warning"),
    ],
)
def test_an_error_points_at_its_column(text: str, column: int, words: str) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        parse(text, fields_for("tickets"))
    assert caught.value.column == column
    assert words in caught.value.message


def test_depth_is_bounded_with_an_error_not_a_crash() -> None:
    for text in ("(" * 5000, "!" * 5000 + "a", "(" * 5000 + "a" + ")" * 5000):
        with pytest.raises(QuerySyntaxError, match="deeply"):
            parse(text, fields_for("sites"))
    assert parse("(" * 50 + "a" + ")" * 50, fields_for("sites"))


def test_days_are_those_of_the_zone(everything: Situation) -> None:
    # 23:59 in Paris is still the afternoon in Quebec, and 22:59 UTC.
    for zone, expected in (("Europe/Paris", {"3"}), ("Pacific/Auckland", set())):
        query = parse("created:2026-11-23", fields_for("tickets"), zone)
        assert keys(query.select(everything.tickets, NOW, everything.freshness)) == expected


def test_today_moves_with_now(everything: Situation) -> None:
    query = parse("updated:today", fields_for("tickets"))
    assert keys(query.select(everything.tickets, NOW, everything.freshness)) == {"3"}
    assert (
        keys(query.select(everything.tickets, NOW + timedelta(days=1), everything.freshness))
        == set()
    )
    assert keys(query.select(everything.tickets, NOW, everything.freshness)) == {"3"}


def test_a_missing_value_is_neither_more_nor_less(everything: Situation) -> None:
    for text in ("due<999w", "due>0s", "due>2000-01-01", "due:2026-11-24", "due!=2026-11-24"):
        assert "3" not in keys(
            parse(text, fields_for("tickets")).select(everything.tickets, NOW, everything.freshness)
        ), text


def test_mentioned_fields() -> None:
    query = parse("a (état:down or !is:ack) population>3", fields_for("sites"))
    assert query.mentioned == {"state", "ack", "population"}
    assert not query.is_everything
    assert parse("  ", fields_for("sites")).is_everything


# -- properties

PIECES = st.sampled_from(
    [
        *("a", "é", "or", "OU", "and", "et", "!", "(", ")", '"', '""', '"x y"', '"a\\"b"', "\\"),
        *(
            "age>3d",
            "âge<=2sem",
            "status:open",
            "état:résolu",
            "is:mine",
            "mine:no",
            "!=",
            "<",
            ":",
        ),
        *("subject:x", 'subject:"x y"', "due:2026-11-24", "created>=hier", "owner=", 'owner=""'),
        *(
            "priority!=3",
            "x:y",
            "07:30",
            "a-b",
            "c'est",
            "=",
            "\t",
            "\u2028",
            "\x00",
            "🙂",
            "subject:!a",
        ),
    ]
)
TEXTS = st.one_of(
    st.text(max_size=40),
    st.lists(PIECES, max_size=12).map(" ".join),
    st.lists(PIECES, max_size=8).map("".join),
)


def parsed(text: str, subject: str) -> Query | None:
    try:
        return parse(text, fields_for(subject))
    except QuerySyntaxError as error:
        found = error
    assert 0 <= found.column <= len(text)
    assert found.message
    return None


@given(TEXTS, st.sampled_from(sorted(SUBJECTS)))
def test_parse_gives_a_query_or_a_syntax_error(text: str, subject: str) -> None:
    parsed(text, subject)


@given(TEXTS, st.sampled_from(sorted(SUBJECTS)))
def test_a_query_written_out_is_the_same_query(text: str, subject: str) -> None:
    query = parsed(text, subject)
    if query is not None:
        again = parse(str(query), fields_for(subject))
        assert again.root == query.root
        assert str(again) == str(query)


@given(TEXTS)
def test_every_query_answers_for_every_fact(everything: Situation, text: str) -> None:
    for subject in SUBJECTS:
        query = parsed(text, subject)
        if query is not None:
            for fact in facts_of(everything, subject):
                assert query.matches(fact, NOW, everything.freshness) in (True, False)


@given(st.text(alphabet="àéîôùçÀÉabcXYZ '-œ", min_size=1, max_size=8))
def test_case_and_accents_do_not_matter(word: str) -> None:
    subject = f"avant {word} après"
    fact = situation(ticket("1", subject=subject)).tickets[0]
    bare = "".join(
        char for char in unicodedata.normalize("NFD", word) if not unicodedata.combining(char)
    )
    for variant in (word, word.upper(), word.lower(), bare):
        quoted = '"' + variant + '"'
        assert parse(quoted, fields_for("tickets")).matches(fact, NOW, Freshness())
        assert parse(f"subject:{quoted}", fields_for("tickets")).matches(fact, NOW, Freshness())


# -- fields


def test_names_and_aliases_are_unambiguous_and_can_be_written() -> None:
    for fields in SUBJECTS.values():
        names = [name for field in fields for name in (field.name, *field.aliases)]
        assert len(names) == len(set(names)), fields.subject
        for field in fields:
            assert field.description
            for name in (field.name, *field.aliases):
                value = {
                    FieldType.TEXT: ":x",
                    FieldType.STATE: ":" + next(iter(field.words), ""),
                    FieldType.LEVEL: ">=warning",
                    FieldType.NUMBER: ">1",
                    FieldType.SIZE: ">1GB",
                    FieldType.AGE: ">1d",
                    FieldType.PAST: ">1d",
                    FieldType.FUTURE: "<1d",
                    FieldType.FLAG: ":yes",
                }[field.type]
                assert parse(name + value, fields).mentioned == {field.name}


def test_every_word_of_every_state_is_understood(everything: Situation) -> None:
    for fields in SUBJECTS.values():
        for field in fields:
            for word, state in field.words.items():
                query = parse(f'{field.name}:"{word}"', fields)
                facts = facts_of(everything, fields.subject)
                expected = {
                    id(fact)
                    for fact in facts
                    if field.get(fact, Moment(NOW, everything.freshness)) == state
                }
                assert {
                    id(fact) for fact in query.select(facts, NOW, everything.freshness)
                } == expected


def test_a_stale_source_is_found() -> None:
    seen = situation(ticket("1"), site("17300", "La Rochelle"), stale=["redmine"])
    assert keys(
        parse("is:stale", fields_for("sources")).select(seen.sources, NOW, seen.freshness)
    ) == {"redmine"}
    assert keys(
        parse("seen>1h", fields_for("tickets")).select(seen.tickets, NOW, seen.freshness)
    ) == {"1"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("checked>1h", {"17300", "17019"}),
        ("contrôlé>1j", {"17019"}),
        ("vérifié<5min", {"17161"}),
        ("is:outdated", {"17300"}),
        ("est:contrôle-ancien", {"17300"}),
        ("!is:outdated checked>1h", {"17019"}),
        ("state:unknown", {"17300"}),
    ],
)
def test_the_age_of_checks(text: str, expected: set[str]) -> None:
    seen = situation(
        site("17300", "La Rochelle"),
        site("17019", "Ars-en-Ré"),
        site("17161", "La Flotte"),
        site("17369", "Saint-Martin-de-Ré"),
        health("17300", HealthState.UP, checked=ago(hours=6), outdated=True),
        health("17019", HealthState.UP, checked=ago(days=3)),
        health("17019", HealthState.UP, host="b", checked=ago(minutes=1)),
        health("17161", HealthState.UP, checked=ago(minutes=1)),
        health("17369", HealthState.UP),
    )
    query = parse(text, fields_for("sites"))
    assert keys(query.select(seen.sites, NOW, seen.freshness)) == expected


@pytest.mark.parametrize("subject", ["tickets", "sites", "backups"])
def test_letter_by_letter_finds_what_the_whole_filter_finds(
    everything: Situation, subject: str
) -> None:
    found = getattr(everything, subject)
    for typed in ("mairie état", "s s", "im level>fine", "e (r or i)", "(a e) n"):
        for end in (*range(1, len(typed) + 1), *range(len(typed), 0, -1)):
            try:
                query = parse(typed[:end], fields_for(subject))
            except QuerySyntaxError:
                continue
            assert query.select(found, NOW, everything.freshness) == tuple(
                f for f in found if query.matches(f, NOW, everything.freshness)
            )
            assert query.select(list(found), NOW, everything.freshness) == query.select(
                found, NOW, everything.freshness
            )
