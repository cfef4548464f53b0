"""The monitoring of the sample: the host of each site, and a few services of each host."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from msgspec import Struct

from smic_tui.sample.chance import chance
from smic_tui.sample.outage import Outage
from smic_tui.sample.sites import SampleSite
from smic_tui.sample.spellings import ALIASES, other_spelling

UNMONITORED = 26
SCATTERED_DOWN = 6
OTHER_SPELLING = 8

_TROUBLES = {
    "NAS": (
        ("WARNING", "DISQUE AVERTISSEMENT - /volume1 88 % utilisé"),
        ("CRITICAL", "DISQUE CRITIQUE - /volume1 97 % utilisé"),
        ("CRITICAL", "RAID CRITIQUE - volume dégradé, disque 2 en erreur"),
    ),
    "Onduleur": (
        ("WARNING", "ONDULEUR AVERTISSEMENT - batterie à remplacer"),
        ("CRITICAL", "ONDULEUR CRITIQUE - sur batterie, 11 min restantes"),
    ),
    "Serveur": (
        ("WARNING", "MÉMOIRE AVERTISSEMENT - 91 % utilisée"),
        ("UNKNOWN", "SNMP INCONNU - pas de réponse de l'agent"),
    ),
    "VPN": (
        ("WARNING", "VPN AVERTISSEMENT - 3 renégociations en 1 h"),
        ("CRITICAL", "VPN CRITIQUE - tunnel inactif"),
    ),
    "Lien": (
        ("WARNING", "PING AVERTISSEMENT - perte 20 %, RTA 412 ms"),
        ("WARNING", "PING AVERTISSEMENT - perte 0 %, RTA 655 ms"),
    ),
}
_FINE = {
    "NAS": "DISQUE OK - /volume1 {n} % utilisé",
    "Onduleur": "ONDULEUR OK - charge {n} %",
    "Serveur": "CPU OK - {n} %",
    "VPN": "VPN OK - tunnel actif",
    "Lien": "PING OK - perte 0 %, RTA {n} ms",
}


class SampleHealth(Struct, frozen=True, kw_only=True):
    """The state of a host (`service` empty) or of one of its services; times in UTC."""

    site: SampleSite
    reference: str
    service: str
    state: str
    since: datetime
    checked: datetime
    output: str
    acknowledged: bool = False
    downtime: bool = False

    @property
    def host(self) -> str:
        """The name of the host, the router of the site."""
        return f"rt-{self.site.code.lower()}"


def services_of(site: SampleSite) -> tuple[str, ...]:
    """Returns the services that monitoring checks at a site, by its equipment."""
    kinds = [equipment.split()[0] for equipment in site.equipment]
    more = [kind for kind in ("NAS", "Onduleur", "Serveur") if kind in kinds]
    return ("Lien", *more, "VPN") if site.line != "RTC" else ("Lien", *more)


def host_down(
    site: SampleSite,
    reference: str,
    since: datetime,
    checked: datetime,
    output: str,
    **marks: bool,
) -> Iterator[SampleHealth]:
    """Yields a host that does not answer, and its services, whose state is unknown then."""
    yield SampleHealth(
        site=site,
        reference=reference,
        service="",
        state="DOWN",
        since=since,
        checked=checked,
        output=output,
        **marks,
    )
    for service in services_of(site):
        yield SampleHealth(
            site=site,
            reference=reference,
            service=service,
            state="UNKNOWN",
            since=since,
            checked=checked,
            output="Hôte injoignable, contrôle non exécuté",
        )


def host_up(
    random: Random, site: SampleSite, reference: str, since: datetime, checked: datetime
) -> Iterator[SampleHealth]:
    """Yields a host that answers, and its services, of which a few are in trouble."""
    slow = {"RTC": 190, "ADSL": 45, "4G": 60}.get(site.line, 15)
    delay = random.randrange(slow, slow * 2)
    yield SampleHealth(
        site=site,
        reference=reference,
        service="",
        state="UP",
        since=since,
        checked=checked,
        output=f"PING OK - perte 0 %, RTA {delay} ms",
    )
    for service in services_of(site):
        state = "OK"
        output = _FINE[service].format(n=delay if service == "Lien" else random.randrange(5, 80))
        acknowledged = False
        began = since
        if random.random() < 0.025:
            state, output = random.choice(_TROUBLES[service])
            acknowledged = random.random() < 0.3
            began = max(since, checked - timedelta(minutes=random.randrange(10, 9000)))
        yield SampleHealth(
            site=site,
            reference=reference,
            service=service,
            state=state,
            since=began,
            checked=checked,
            output=output,
            acknowledged=acknowledged,
        )


def unmonitored(sites: tuple[SampleSite, ...], outage: Outage, seed: int) -> frozenset[str]:
    """Returns the codes of the sites that monitoring does not cover."""
    random = chance(seed, "unmonitored")
    known = {*outage.sites, *ALIASES.values()}
    small = [site.code for site in sites if site.code not in known and site.kind != "EPCI"]
    return frozenset(random.sample(small, UNMONITORED))


def health(
    sites: tuple[SampleSite, ...], outage: Outage, seed: int, now: datetime
) -> tuple[SampleHealth, ...]:
    """Returns the hosts and services of every monitored site, at `now` (UTC)."""
    random = chance(seed, "health")
    left_out = unmonitored(sites, outage, seed)
    watched = [site for site in sites if site.code not in left_out]
    steady = [site for site in watched if site.code not in outage.sites]
    down = {site.code: rank for rank, site in enumerate(random.sample(steady, SCATTERED_DOWN))}
    respelled = {site.code for site in random.sample(watched, OTHER_SPELLING)}
    by_alias = {code: name for name, code in list(ALIASES.items())[:3]}
    objects: list[SampleHealth] = []
    for site in watched:
        reference = by_alias.get(site.code, site.code)
        if site.code in respelled:
            reference = other_spelling(site.name, random)
        checked = (now - timedelta(seconds=random.uniform(5, 290))).replace(microsecond=0)
        if site.code in outage.sites:
            since = outage.began + timedelta(seconds=random.randrange(0, 100))
            objects += host_down(
                site, reference, since, checked, "PING CRITIQUE - perte 100 % (collecte opérateur)"
            )
        elif site.code in down:
            rank = down[site.code]
            since = checked - timedelta(minutes=random.randrange(15, 600))
            objects += host_down(
                site,
                reference,
                since,
                checked,
                "PING CRITIQUE - perte 100 %",
                acknowledged=rank in (0, 1),
                downtime=rank == 2,
            )
        else:
            since = checked - timedelta(hours=random.uniform(2, 2400))
            objects += host_up(random, site, reference, since.replace(microsecond=0), checked)
    return tuple(objects)
