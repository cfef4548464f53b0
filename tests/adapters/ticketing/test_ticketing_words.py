"""What the names of statuses are taken to mean, where neither system nor settings say so."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ticketing.choice import Candidate, best_of, fitting, is_effect
from adapters.ticketing.meaning import Known
from adapters.ticketing.understood import understood
from adapters.ticketing.words import DeskWords
from smic_tui.contract.actions import Action, Verb
from smic_tui.records import Actor, Stage, Stream, TicketStatus
from tests.fakes.acting import wish

NEW, OPEN, WAITING = TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.WAITING
RESOLVED, CLOSED = TicketStatus.RESOLVED, TicketStatus.CLOSED
US, MEMBER, SUPPLIER = Actor.US, Actor.MEMBER, Actor.SUPPLIER


def words(**settings: Any) -> DeskWords:
    return DeskWords(**{"statuses": {}, "stages": {}, "waiting_on": {}, **settings})


@pytest.mark.parametrize(
    ("name", "status", "actor"),
    [
        ("En cours de résolution", OPEN, US),
        ("Non résolu", OPEN, US),
        ("Irrésolu", OPEN, US),
        ("Pas encore résolu", OPEN, US),
        ("Not fixed", OPEN, US),
        ("Unresolved", OPEN, US),
        ("To be resolved", OPEN, US),
        ("À résoudre", OPEN, US),
        ("Résolution partielle", OPEN, US),
        ("Résolu", OPEN, US),
        ("Clôturé", OPEN, US),
        ("À valider", OPEN, US),
        ("À clôturer", OPEN, US),
        ("Awaiting fix", WAITING, MEMBER),
        ("Réouvert", OPEN, US),
        ("Rouverte", OPEN, US),
        ("Re-opened", OPEN, US),
        ("Réouverture", OPEN, US),
        ("À nouveau en cours", OPEN, US),
        ("Renouvellement demandé", OPEN, US),
        ("Renewal", OPEN, US),
        ("Nouveau message", OPEN, US),
        ("Nouveau matériel commandé", OPEN, US),
        ("Nouvelle demande (non lue)", NEW, US),
        ("Prestataire relancé", WAITING, SUPPLIER),
        ("Assigned to vendor", WAITING, SUPPLIER),
        ("Intervention prestataire effectuée", OPEN, US),
        ("Relancé", OPEN, US),
        ("Clôture demandée", OPEN, US),
        ("Fix in progress", OPEN, US),
        ("Nouveau", NEW, US),
        ("Nouvelle demande", NEW, US),
        ("NEW", NEW, US),
        ("Non attribué", NEW, US),
        ("Unassigned", NEW, US),
        ("À traiter", NEW, US),
        ("To do", NEW, US),
        ("Chez le prestataire", WAITING, SUPPLIER),
        ("Chez l'éditeur", WAITING, SUPPLIER),
        ("Chez l\u2019éditeur", WAITING, SUPPLIER),
        ("With vendor", WAITING, SUPPLIER),
        ("Transmis au sous-traitant", WAITING, SUPPLIER),
        ("en_attente_fournisseur", WAITING, SUPPLIER),
        ("En attente de pièce", WAITING, SUPPLIER),
        ("Chez nous", OPEN, US),
        ("Retour fournisseur reçu", OPEN, US),
        ("Attente usager", WAITING, MEMBER),
        ("WaitingForCustomer", WAITING, MEMBER),
        ("On hold", WAITING, MEMBER),
        ("Suspendue", WAITING, MEMBER),
        ("En attente technicien", OPEN, US),
        ("N'est plus en attente", OPEN, US),
        ("No longer waiting", OPEN, US),
        ("Installation", OPEN, US),
        ("Besoin d'informations", WAITING, MEMBER),
        ("", OPEN, US),
        ("🖨", OPEN, US),
    ],
)
def test_what_the_system_counts_as_open(name: str, status: TicketStatus, actor: Actor) -> None:
    assert words().ticket_status(name, closed=False) is status
    assert words().ticket_actor(name, closed=False) is actor


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("Résolu", RESOLVED),
        ("Résolues", RESOLVED),
        ("Fixed", RESOLVED),
        ("Résolu - à valider", RESOLVED),
        ("À valider", RESOLVED),
        ("En attente de clôture", RESOLVED),
        ("Non résolu", CLOSED),
        ("Unresolved", CLOSED),
        ("Nouveau", CLOSED),
        ("En attente", CLOSED),
        ("Fermé", CLOSED),
        ("Won't fix", CLOSED),
    ],
)
def test_what_the_system_counts_as_closed(name: str, status: TicketStatus) -> None:
    assert words().ticket_status(name, closed=True) is status
    assert words(closed_decides=True).ticket_status(name, closed=True) is CLOSED


@pytest.mark.parametrize(
    ("name", "stage", "actor"),
    [
        ("À commander", Stage.ANALYSED, US),
        ("Commande à passer", Stage.ANALYSED, US),
        ("To be ordered", Stage.ANALYSED, US),
        ("Non commandé", Stage.ANALYSED, US),
        ("Commandé", Stage.ORDERED, SUPPLIER),
        ("Commande en cours", Stage.ORDERED, SUPPLIER),
        ("Commandé (attente livraison)", Stage.ORDERED, SUPPLIER),
        ("En attente de livraison", Stage.ORDERED, SUPPLIER),
        ("Précommande", Stage.ASKED, US),
        ("À installer", Stage.ORDERED, US),
        ("Non installé", Stage.ORDERED, US),
        ("En cours d'installation", Stage.INSTALLING, US),
        ("Pas encore livré", Stage.INSTALLING, US),
        ("Livré", Stage.INSTALLING, US),
        ("Groupe de travail", Stage.WORKING_GROUP, Actor.WORKING_GROUP),
        ("En attente du groupe de travail", Stage.WORKING_GROUP, Actor.WORKING_GROUP),
        ("Validé par le groupe de travail", Stage.ANALYSED, US),
        ("À valider par le groupe de travail", Stage.WORKING_GROUP, Actor.WORKING_GROUP),
        ("Livré partiellement", Stage.ORDERED, SUPPLIER),
        ("En analyse", Stage.ANALYSED, US),
        ("À étudier", Stage.ASKED, US),
        ("En cours", Stage.ANALYSED, US),
        ("Demandé", Stage.ASKED, US),
        ("Refusé", Stage.ASKED, US),
        ("Quelconque", Stage.ASKED, US),
    ],
)
def test_where_an_open_request_stands(name: str, stage: Stage, actor: Actor) -> None:
    assert words().stage(name, closed=False) is stage
    assert words().request_actor(name, closed=False) is actor


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("Livré", Stage.DONE),
        ("Terminé", Stage.DONE),
        ("Quelconque", Stage.DONE),
        ("Refusé", Stage.REFUSED),
        ("Non retenu", Stage.REFUSED),
        ("Sans suite", Stage.REFUSED),
        ("Won't do", Stage.REFUSED),
        ("Non livré", Stage.REFUSED),
        ("Doublon", Stage.REFUSED),
    ],
)
def test_how_a_request_ended(name: str, stage: Stage) -> None:
    assert words().stage(name, closed=True) is stage


@given(st.text(max_size=60), st.booleans())
def test_no_name_contradicts_what_the_system_says(name: str, closed: bool) -> None:
    assert words().ticket_status(name, closed).is_open is not closed
    assert words().stage(name, closed).is_open is not closed


_PARTS = st.sampled_from(
    (
        *("résolu", "resolved", "clos", "closed", "livré", "done", "refusé", "fixed", "nouveau"),
        *("à", "en", "cours", "de", "non", "not", "attente", "to", "be", "valider", "clôture"),
        *("new", "re-", "d'", "l'", "(", ")", ",", "-", "partiel", "awaiting", "pas", "encore"),
    )
)


@given(st.lists(_PARTS, max_size=6).map(" ".join), st.booleans())
def test_no_phrase_contradicts_what_the_system_says(name: str, closed: bool) -> None:
    assert words().ticket_status(name, closed).is_open is not closed
    assert words().stage(name, closed).is_open is not closed


def test_the_configuration_overrules_whatever_was_thought() -> None:
    desk = words(
        statuses={"En cours de résolution": RESOLVED, "Fermé": OPEN},
        stages={"À commander": Stage.ORDERED},
        waiting_on={"À valider": MEMBER},
    )
    assert desk.ticket_status("en cours de RÉSOLUTION", closed=False) is RESOLVED
    assert desk.ticket_status("Fermé", closed=True) is OPEN
    assert desk.stage("à commander", closed=False) is Stage.ORDERED
    assert desk.request_actor("à commander", closed=False) is SUPPLIER
    assert desk.ticket_actor("À valider", closed=False) is MEMBER


def test_a_name_of_the_system_s_own_is_no_guess() -> None:
    desk = words(resolved_names=("resolu",))
    assert desk.ticket_meaning("Résolu", closed=False).value is RESOLVED
    assert not desk.ticket_meaning("Résolu", closed=False).guessed
    for name in ("En cours de résolution", "Résolu ?", "Résolu (à confirmer)"):
        assert desk.ticket_status(name, closed=False) is OPEN
    desk.learn({"stalled": WAITING, "resolved": RESOLVED})
    assert desk.ticket_meaning("stalled", closed=False).how is Known.TOLD
    # What it counts as open is not resolved, though it ships the name with that meaning.
    assert desk.ticket_status("resolved", closed=False) is OPEN


def test_guesses_are_marked() -> None:
    statuses = [Candidate("En attente éditeur", False), Candidate("En cours", False)]
    guessed, told = understood(words(), statuses, Stream.TICKETS)
    assert (guessed.status, guessed.waiting_on, guessed.guessed) == (WAITING, SUPPLIER, True)
    assert (told.status, told.guessed) == (OPEN, False)
    (stage,) = understood(
        words(stages={"Livré": Stage.DONE}), [Candidate("livré", True)], Stream.REQUESTS
    )
    assert (stage.stage, stage.guessed) == (Stage.DONE, False)


def test_a_name_of_a_megabyte_costs_nothing() -> None:
    started = time.monotonic()
    for name in ("a" * 1_000_000, "n't " * 250_000, "re " * 300_000, "(" * 1_000_000):
        words().ticket_status(name, closed=False)
        words().stage(name, closed=True)
    assert time.monotonic() - started < 0.5


def resolve(stream: Stream = Stream.TICKETS) -> Action:
    return wish(Verb.RESOLVE, stream=stream)


def test_resolving_never_takes_a_guess_for_an_exact_status() -> None:
    offered = [
        Candidate("À valider", False),
        Candidate("En cours de résolution", False),
        Candidate("Rejeté", True),
        Candidate("Archivage", True),
        Candidate("Fermé", True),
        Candidate("Résolu", True),
    ]
    best = best_of(resolve(), offered, words())
    assert best is not None
    assert best.name == "Résolu"
    names = [each.name for each in fitting(resolve(), offered, words())]
    assert names == ["Résolu", "Fermé", "Archivage"]
    assert best_of(resolve(), offered[:3], words()) is None


def test_what_is_configured_comes_first() -> None:
    desk = words(statuses={"Bouclé": RESOLVED}, stages={"Livré": Stage.DONE})
    best = best_of(resolve(), [Candidate("Résolu", True), Candidate("Bouclé", True)], desk)
    assert best == Candidate("Bouclé", True)
    offered = [Candidate("Résolu", True), Candidate("Fermé", True), Candidate("Livré", True)]
    for action in (
        resolve(Stream.REQUESTS),
        wish(Verb.SET_STAGE, value="done", stream=Stream.REQUESTS),
    ):
        assert best_of(action, offered, desk) == Candidate("Livré", True)


def test_what_only_lies_near_a_stage_is_not_set() -> None:
    action = wish(Verb.SET_STAGE, value="installing", stream=Stream.REQUESTS)
    offered = [Candidate("Résolu", False), Candidate("Installation", False)]
    assert best_of(action, offered, words()) == Candidate("Installation", False)
    assert best_of(action, offered[:1], words()) is None
    ordering = wish(Verb.SET_STAGE, value="ordered", stream=Stream.REQUESTS)
    assert best_of(ordering, [Candidate("À installer", False)], words()) is None


def test_an_open_status_is_no_effect_of_resolving() -> None:
    for name in ("En cours de résolution", "Non résolu", "À valider", "Résolu"):
        assert not is_effect(resolve(), Candidate(name, False), words())
    assert not is_effect(resolve(), Candidate("Rejeté", True), words())
    assert is_effect(resolve(), Candidate("Fermé", True), words())
