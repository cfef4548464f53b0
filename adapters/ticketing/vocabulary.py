"""The words with which ticket desks name their statuses, in French and English.

Words are folded (no case, no accents) and stand here whole, with their endings. Public.
"""

from __future__ import annotations

from collections.abc import Iterable

from smic_tui.records import Stage


def _words(*groups: str) -> frozenset[str]:
    return frozenset(word for group in groups for word in group.split())


def _agreeing(*stems: str) -> frozenset[str]:
    """Return French participles in their four forms."""
    return frozenset(stem + ending for stem in stems for ending in ("", "e", "s", "es"))


def _all(*parts: Iterable[str]) -> frozenset[str]:
    return frozenset(word for part in parts for word in part)


# -- marks: they say that what is named has not happened -----------------------

NOT = _words("non not pas no sans jamais never aucun aucune nothing without")
# What one word denies by itself.
DENYING = {
    "irresolu": "resolu",
    "irresolue": "resolue",
    "irresolus": "resolus",
    "irresolues": "resolues",
    "unresolved": "resolved",
    "unsolved": "solved",
    "unfixed": "fixed",
    "undone": "done",
    "unfinished": "finished",
    "incomplete": "completed",
    "incomplet": "termine",
    "undelivered": "delivered",
    "uninstalled": "installed",
    "unapproved": "approved",
    "unassigned": "assigned",
    "untreated": "treated",
    "unconfirmed": "confirmed",
    "unread": "read",
    "inacheve": "acheve",
    "inachevee": "achevee",
    "unclosed": "closed",
}
UNDER_WAY = _words(
    "cours progress being train underway ongoing partially partiellement partiel partielle partly"
    " partial presque nearly almost bientot soon impossible prevu prevue prevus prevues planifie"
    " planifiee planned scheduled expected attendu attendue propose proposee proposed tentative"
    " echec echoue echouee failed provisoire temporaire temporary maybe verification"
)
TO_DO = _words("to reste doit must needs need prochain prochainement")
WAITING = _words(
    "attente attend attendre attentes wait waiting awaiting awaits pending waits enattente"
)
NO_LONGER = _words("plus longer fin end")
AGAIN = _words(
    "reouvert reouverte reouverts reouvertes rouvert rouverte rouverts rouvertes reopened reopen"
    " reactive reactivee reactivated"
)

# -- who is waited for ---------------------------------------------------------

SUPPLIERS = _words(
    "fournisseur fournisseurs prestataire prestataires editeur editeurs supplier suppliers vendor"
    " vendors soustraitant soustraitants subcontractor constructeur constructeurs manufacturer"
    " operateur operateurs carrier hebergeur provider providers partenaire partenaires partner"
    " tiers thirdparty externe external sav reparateur intervenant mainteneur infogerant",
)
PARTS = _words(
    "piece pieces part parts materiel materiels hardware livraison delivery colis shipping"
    " shipment devis quote commande order reparation repair"
)
US = _words(
    "support technicien technicienne techniciens technician agent agents traitement processing"
    " affectation assignation attribution assignment assign triage dsi informatique nous us"
    " planification scheduling intervention operator helpdesk team equipe dispatch"
)
MEMBERS = _words(
    "utilisateur utilisateurs utilisatrice usager usagers client clients cliente customer"
    " customers user users requester requestor reporter demandeur demandeurs demandeuse mairie"
    " mairies commune communes adherent adherents member members beneficiaire ecole caller"
)
# With one of these, a supplier's name says where the ticket is.
WITH = _words(
    "chez at with transmis transmise transfere transferee envoye envoyee escalade escaladee"
    " escalated sent forwarded confie confiee handed passed redirige attente cote contacte"
    " contactee contacted sollicite mandate missionne saisi appele relance relancee vers attribue"
    " attribuee affecte affectee assigne assignee assigned delegue delegated action intervention",
)
ANSWERED = _words(
    "recu recue recus recues received repondu replied answered retourne returned rendu back"
    " revenu retour reponse reply answer intervenu intervenue"
)
QUESTIONS = _words("info infos information informations precision precisions complement")
ASKED_FOR = _words(
    "demande demandee demandes demandees requested required requise requises needed need needs"
    " besoin more manque manquante manquantes missing"
)

# -- tickets -------------------------------------------------------------------

AT_REST = _words(
    "hold onhold suspendu suspendue suspended stalled pause paused gele gelee frozen bloque"
    " bloquee blocked differe differee deferred postponed reporte reportee snoozed parked standby"
    " sommeil"
)
# Redmine's own status for "the requester must answer" has these names.
FEEDBACK = _words("commentaire feedback")
NEW = _words("nouveau nouvel nouvelle nouveaux nouvelles new ouvert ouverte opened")
# "Nouvelle demande" is new; "nouveau message" and "nouveau matériel" are something else.
NEW_THINGS = _words(
    "demande demandes ticket tickets incident incidents request requests issue issues case cas"
    " appel signalement dossier fiche non lu lue unread cree creee created recu recue received"
    " today jour"
)
NOT_BEGUN = _words(
    "traite traitee traites treated started commence commencee assigne assignee assigned attribue"
    " attribuee affecte affectee qualifie qualifiee triaged lu lue read charge demarre"
)
TO_BEGIN = _words(
    "traiter faire affecter attribuer assigner qualifier trier triage do todo start assign demarrer"
    " prendre process"
)
RESOLVED = _all(
    _agreeing("resolu", "corrige", "repare", "depanne", "regle", "solutionne"),
    _words("resolved solved fixed repaired answered"),
)
CLOSED = _all(
    _agreeing("clos", "cloture", "ferme", "termine", "acheve", "archive", "fini"),
    _words("closed done completed complete finished archived ended"),
)
TO_CONFIRM = _words(
    "valider validation confirmer confirmation cloturer cloture fermer fermeture validate confirm"
    " closed closing closure close"
)

# -- stages of a request -------------------------------------------------------

REFUSED = _all(
    _agreeing("refus", "refuse", "rejete", "abandonne", "decline", "annule", "ecarte", "retire"),
    _words(
        "rejet rejets reject rejected refused abandon abandoned declined annulation cancelled"
        " canceled denied wontfix doublon duplicate duplicated invalid invalide withdrawn"
        " irrecevable spam unfounded infonde sanssuite"
    ),
)
INSTALLING = _all(
    _agreeing("installe", "deploye", "parametre", "configure", "migre"),
    _words(
        "installation installations installing installed deploiement deploying deployment deployed"
        " rollout parametrage configuration formation formations training integration recette"
        " migration test tests testing miseenservice miseenplace miseenproduction"
    ),
)
DONE = _all(
    RESOLVED,
    CLOSED,
    _agreeing("livre", "deploye", "effectue", "realise", "traite", "fait", "installe", "servi"),
    _words("delivered deployed production installed fulfilled implemented live accompli"),
)
DELIVERED = _agreeing("livre") | _words("delivered livraison delivery")
ORDERED = _all(
    _agreeing("commande", "achete"),
    _words(
        "ordered order orders ordering achat achats purchase purchased purchasing devis quote"
        " quotation livraison livraisons delivery shipped shipping approvisionnement"
    ),
)
WORKING_GROUP = _words(
    "groupe groupes group groups gt commission commissions comite comites committee copil board"
    " steering"
)
DECIDED = _all(_agreeing("valide", "approuve", "accepte"), _words("approved accepted validated"))
ANALYSED = _all(
    _agreeing("analyse", "etudie", "qualifie", "examine", "instruit", "evalue", "accepte"),
    _agreeing("approuve", "valide"),
    _words(
        "analysis analysed analyzed analysing analyzing etude etudes study studied qualification"
        " qualified review reviewed reviewing instruction evaluation assessment assessed examen"
        " approved accepted validated validation approval approbation cours progress"
    ),
)
ASKED = _all(
    _agreeing("demande", "soumis", "depose", "recu", "ouvert"),
    _words("asked requested request submitted received open opened draft brouillon attente"),
    NEW,
)
# An infinitive names what is still to be done, with or without "to" before it.
TO_DO_OF: dict[str, Stage] = {
    **dict.fromkeys(("commander", "acheter", "purchase"), Stage.ORDERED),
    **dict.fromkeys(("installer", "deployer", "parametrer", "configurer"), Stage.INSTALLING),
    **dict.fromkeys(("install", "deploy", "configure"), Stage.INSTALLING),
    **dict.fromkeys(("analyser", "etudier", "qualifier", "examiner", "evaluer"), Stage.ANALYSED),
    **dict.fromkeys(("valider", "approuver", "instruire", "accepter"), Stage.ANALYSED),
    **dict.fromkeys(("analyse", "analyze", "study", "assess", "approve"), Stage.ANALYSED),
    **dict.fromkeys(("livrer", "terminer", "deliver", "finish", "cloturer"), Stage.DONE),
}
# The one that decides when a phrase names several: "refused" before "asked".
OF_STAGES: tuple[tuple[Stage, frozenset[str]], ...] = (
    (Stage.REFUSED, REFUSED),
    (Stage.DONE, DONE),
    (Stage.INSTALLING, INSTALLING),
    (Stage.ORDERED, ORDERED),
    (Stage.WORKING_GROUP, WORKING_GROUP),
    (Stage.ANALYSED, ANALYSED),
    (Stage.ASKED, ASKED),
)
