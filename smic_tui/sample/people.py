"""Offices, fictional persons and how to reach them.

No person here can be mistaken for a real one: they have names like "Agent Exemple 042",
telephone numbers from the ranges that ARCEP keeps for works of fiction (05 36 49 and
06 39 98), and mail addresses at example.org (RFC 2606).
"""

from __future__ import annotations

from random import Random

from smic_tui.text import fold

TECHNICIANS = tuple(f"Technicien Exemple {number:02d}" for number in range(1, 13))
BACKUP_TEAM = ("Technicien Exemple 04", "Technicien Exemple 09")
NETWORK_TEAM = ("Technicien Exemple 02", "Technicien Exemple 07", "Technicien Exemple 11")
CALL_CENTRE = "Centre d'appels Exemple"

OFFICES = {
    "mairie": ("Secrétariat de mairie", "Accueil", "Service comptabilité", "État civil"),
    "école": ("Direction de l'école", "Secrétariat de l'école"),
    "CCAS": ("Accueil du CCAS", "Direction du CCAS"),
    "médiathèque": ("Accueil de la médiathèque",),
    "EPCI": ("Direction générale", "Service informatique", "Service finances", "Accueil"),
    "antenne EPCI": ("Accueil de l'antenne", "Agent d'accueil France services"),
    "syndicat": ("Secrétariat du syndicat", "Service abonnés"),
    "services techniques": ("Responsable des services techniques", "Atelier"),
}


def slug(text: str) -> str:
    """Returns a name in the form of an address: saint-jean-d-angely."""
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in fold(text)).split()
    return "-".join(words)


def landline(number: int) -> str:
    """Returns a telephone number of ARCEP's fiction range for the south-west."""
    return f"05 36 49 {number // 100 % 100:02d} {number % 100:02d}"


def mobile(number: int) -> str:
    """Returns a number of ARCEP's fiction range for mobile telephones."""
    return f"06 39 98 {number // 100 % 100:02d} {number % 100:02d}"


def agent(random: Random) -> str:
    """Returns the name of a fictional person who works for a member."""
    return f"Agent Exemple {random.randrange(1, 900):03d}"


def requester(random: Random, kind: str) -> str:
    """Returns the caller from a site of that kind, more often an office than a person."""
    return random.choice(OFFICES[kind]) if random.random() < 0.7 else agent(random)
