"""The tickets of the sample: two months with some 2,000 each, a few hundred still open."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random

import msgspec
from msgspec import Struct

from smic_tui.sample import people
from smic_tui.sample.chance import chance
from smic_tui.sample.days import PARIS, is_holiday, local_day, moment
from smic_tui.sample.outage import Outage
from smic_tui.sample.sites import SampleSite
from smic_tui.sample.spellings import ALIASES, UNKNOWN, reference
from smic_tui.sample.ticket_subjects import (
    BACKUPS,
    BUSINESS,
    LEVEL_ONE,
    NETWORK,
    QUEUES,
    QUICK,
    subject,
)

DAYS = 61
PER_DAY = 2000 * 12 / 365
OPEN = (270, 330)
FIRST_NUMBER = 48_000

STATUSES = ("Nouveau", "En cours", "En attente", "Résolu", "Clos")
US, MEMBER, SUPPLIER, NOBODY = "Syndicat", "Adhérent", "Prestataire", "Personne"

# How long a ticket of each priority (1 is most urgent) may take.
TARGETS = {
    1: timedelta(hours=4),
    2: timedelta(days=1),
    3: timedelta(days=3),
    4: timedelta(days=8),
    5: timedelta(days=20),
}
# Calls by hour of the working day, from 8 to 18.
_HOURS = dict(zip(range(8, 18), (6, 14, 15, 12, 4, 4, 12, 13, 10, 5), strict=True))


class SampleTicket(Struct, frozen=True, kw_only=True):
    """A ticket in the words of the ticket system that exports it; times in UTC."""

    number: int
    subject: str
    status: str
    priority: int
    requester: str
    owner: str
    site: str
    queue: str
    created: datetime
    updated: datetime
    due: datetime | None
    supplier: str
    waiting_on: str

    @property
    def is_open(self) -> bool:
        """Whether the ticket is neither solved nor closed."""
        return self.status not in ("Résolu", "Clos")


def _weight(day: date) -> float:
    """Returns how many calls a day brings, as a share of an ordinary working day."""
    if day.weekday() == 6 or is_holiday(day):
        return 0.03
    return (1.25, 1.05, 0.9, 1.0, 0.95, 0.1)[day.weekday()]


def _call_times(random: Random, now: datetime) -> list[datetime]:
    """Returns the times of calls in the two months before `now`, the oldest first (UTC)."""
    today = local_day(now)
    days = [today - timedelta(days=back) for back in range(DAYS)]
    weights = [_weight(day) for day in days]
    per_weight = PER_DAY * DAYS / sum(weights)
    times = []
    for day, weight in zip(days, weights, strict=True):
        count = max(0, round(random.gauss(weight * per_weight, (weight * per_weight) ** 0.5)))
        hours = random.choices(tuple(_HOURS), tuple(_HOURS.values()), k=count)
        times += [moment(day, hour, random.randrange(60), random.randrange(60)) for hour in hours]
    return sorted(when for when in times if when <= now)


def queue_for(random: Random, site: SampleSite) -> str:
    """Returns the queue for a call from `site`."""
    queue = random.choices(tuple(QUEUES), tuple(QUEUES.values()))[0]
    keeps_accounts = site.kind in ("mairie", "EPCI", "CCAS", "syndicat")
    return queue if keeps_accounts or queue != BUSINESS else LEVEL_ONE


def new_ticket(
    random: Random, number: int, site: SampleSite, queue: str, created: datetime
) -> SampleTicket:
    """Returns the ticket for a call that has just been taken, at `created` (UTC)."""
    priority = random.choices((1, 2, 3, 4, 5), (3, 14, 55, 22, 6))[0]
    return SampleTicket(
        number=number,
        subject=subject(random, queue, created.astimezone(PARIS).month),
        status="Nouveau",
        priority=priority,
        requester=people.requester(random, site.kind),
        owner="",
        site=reference(site, random, names=0.15),
        queue=queue,
        created=created,
        updated=created,
        due=created + TARGETS[priority] if random.random() < 0.85 else None,
        supplier=site.supplier if queue in (LEVEL_ONE, NETWORK) else "",
        waiting_on=SUPPLIER if queue == LEVEL_ONE else US,
    )


def owner(random: Random, queue: str) -> str:
    """Returns the person who takes a ticket of that queue."""
    if queue == LEVEL_ONE and random.random() < 0.8:
        return people.CALL_CENTRE
    team = {NETWORK: people.NETWORK_TEAM, BACKUPS: people.BACKUP_TEAM}
    return random.choice(team.get(queue, people.TECHNICIANS))


def settled(random: Random, ticket: SampleTicket, now: datetime) -> SampleTicket:
    """Returns the ticket as solved before `now`, and closed three days after that."""
    took = timedelta(hours=min(random.lognormvariate(1.3, 1.5), 400))
    solved = ticket.created + min(took, (now - ticket.created) * 0.95)
    closed = solved + timedelta(days=3)
    return msgspec.structs.replace(
        ticket,
        status="Clos" if closed <= now else "Résolu",
        updated=closed if closed <= now else solved,
        owner=owner(random, ticket.queue),
        waiting_on=NOBODY,
    )


def unsettled(random: Random, ticket: SampleTicket, now: datetime) -> SampleTicket:
    """Returns the ticket as still open at `now`: new, in work, or waiting."""
    age = now - ticket.created
    shares = (60, 34, 6) if age < timedelta(hours=3) else (6, 52, 42)
    status = random.choices(STATUSES[:3], shares)[0]
    waiting_on = ticket.waiting_on
    if status == "En attente":
        waiting_on = random.choices((MEMBER, SUPPLIER), (60, 40))[0]
    elif status == "En cours":
        waiting_on = US if ticket.queue != LEVEL_ONE or random.random() < 0.3 else SUPPLIER
    due = ticket.due
    if due is not None and due <= now and random.random() < 0.72:
        # The team put the date off with the caller's consent.
        due = now + timedelta(hours=random.uniform(6, 300))
    fresh = age * (1 - random.random() ** 2) if status != "Nouveau" else timedelta()
    return msgspec.structs.replace(
        ticket,
        status=status,
        owner=owner(random, ticket.queue) if status != "Nouveau" else "",
        updated=ticket.created + fresh,
        due=due,
        waiting_on=waiting_on,
    )


def _staying_open(random: Random, call: SampleTicket, age: timedelta) -> float:
    """Returns how likely a ticket is still open, from 0 to 1: the younger, the likelier."""
    if call.subject in QUICK and age > timedelta(hours=20):
        return 0.0
    return float(random.random() ** (1 + age.total_seconds() / 86400))


def _of_outage(
    random: Random, sites: tuple[SampleSite, ...], outage: Outage, now: datetime
) -> list[SampleTicket]:
    """Returns the tickets that the outage caused, all of them still open."""
    cut_off = [site for site in sites if site.code in outage.sites]
    calls = []
    for site in random.sample(cut_off, 5):
        called = outage.began + (now - outage.began) * random.uniform(0.1, 0.9)
        call = new_ticket(random, 0, site, NETWORK, called)
        calls.append(
            msgspec.structs.replace(
                call,
                subject=random.choice(
                    (
                        "Plus d'internet ni de téléphone depuis ce matin",
                        "Connexion coupée, box au rouge",
                        "Plus d'accès à aucune application",
                    )
                ),
                priority=2,
                due=called + TARGETS[2],
                waiting_on=SUPPLIER,
            )
        )
    noticed = outage.began + (now - outage.began) * 0.15
    first = new_ticket(random, 0, cut_off[0], NETWORK, noticed)
    calls.append(
        msgspec.structs.replace(
            first,
            subject=f"Panne collecte {outage.supplier} : {len(outage.sites)} sites coupés",
            status="En attente",
            priority=1,
            requester="Supervision",
            owner=people.NETWORK_TEAM[0],
            updated=noticed + (now - noticed) * 0.5,
            due=noticed + TARGETS[1],
            waiting_on=SUPPLIER,
        )
    )
    return calls


def tickets(
    sites: tuple[SampleSite, ...], outage: Outage, seed: int, now: datetime
) -> tuple[SampleTicket, ...]:
    """Returns the tickets of the two months up to `now` (UTC), by number.

    Between 270 and 336 of them are open.
    """
    random = chance(seed, "tickets")
    weights = [4 + site.commune.population**0.5 / 4 for site in sites]
    times = _call_times(random, now)
    callers = random.choices(sites, weights, k=len(times))
    calls = [
        new_ticket(random, 0, site, queue_for(random, site), when)
        for when, site in zip(times, callers, strict=True)
    ]
    rank = [_staying_open(random, call, now - call.created) for call in calls]
    by_rank = sorted(range(len(calls)), key=rank.__getitem__, reverse=True)
    still_open = set(by_rank[: random.randrange(*OPEN)])
    calls = [
        (unsettled if index in still_open else settled)(random, call, now)
        for index, call in enumerate(calls)
    ]
    misnamed = random.sample(sorted(still_open), len(ALIASES) + len(UNKNOWN))
    for index, name in zip(misnamed, (*ALIASES, *UNKNOWN), strict=True):
        calls[index] = msgspec.structs.replace(calls[index], site=name)
    calls += _of_outage(random, sites, outage, now)
    calls.sort(key=lambda call: call.created)
    return tuple(
        msgspec.structs.replace(call, number=FIRST_NUMBER + index)
        for index, call in enumerate(calls)
    )
