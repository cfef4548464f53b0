"""The backup protocols of the sample: how each is planned, how big it is, how it fails."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from msgspec import Struct

from smic_tui.sample.schedules import Schedule

MEGABYTE = 1000**2


class Protocol(Struct, frozen=True, kw_only=True):
    """A backup protocol.

    `share` is its weight among all jobs. `megabytes` and `minutes` are the usual least and
    most of a run. `failures`, `warnings` and `done` are the messages of its journal.
    `knows_plan` is false for a tool whose journal names the site and the application
    instead of the job.
    """

    name: str
    share: int
    megabytes: tuple[int, int]
    minutes: tuple[int, int]
    failures: tuple[str, ...]
    warnings: tuple[str, ...]
    done: str
    knows_plan: bool = True


PROTOCOLS = (
    Protocol(
        name="restic",
        share=30,
        megabytes=(80, 9000),
        minutes=(2, 25),
        failures=(
            "Fatal: unable to open config file: Stat: dial tcp: i/o timeout",
            "Fatal: unable to create lock in backend: repository is already locked by PID 4127",
            "Fatal: wrong password or no key found",
            "error: no space left on device",
        ),
        warnings=(
            "at least one source file could not be read",
            "open ntuser.dat: permission denied",
        ),
        done="{files} files, {new} new",
    ),
    Protocol(
        name="borg",
        share=20,
        megabytes=(100, 12000),
        minutes=(3, 40),
        failures=(
            "Connection closed by remote host. Is borg working on the server?",
            "Failed to create/acquire the lock (timeout)",
            "Remote: Permission denied (publickey)",
        ),
        warnings=("/srv/partage/Compta.xls: file changed while we backed it up",),
        done="{files} fichiers, {new} modifiés",
    ),
    Protocol(
        name="image",
        share=16,
        megabytes=(9000, 180000),
        minutes=(15, 110),
        failures=(
            "Échec du cliché VSS 0x800423f4 : écrivain SqlServerWriter en erreur",
            "Cible NAS injoignable (\\\\NAS\\sauvegarde)",
            "Espace insuffisant sur la cible : 3,2 Go libres",
        ),
        warnings=("Chaîne incrémentale longue : complète conseillée",),
        done="Image vérifiée",
    ),
    Protocol(
        name="rsync",
        share=13,
        megabytes=(5, 900),
        minutes=(1, 12),
        failures=(
            "rsync error: timeout in data send/receive (code 30)",
            "rsync error: error in rsync protocol data stream (code 12)",
            "ssh: connect to host sauvegarde.example.org port 22: No route to host",
        ),
        warnings=("some files vanished before they could be transferred (code 24)",),
        done="{new} fichiers transférés",
        knows_plan=False,
    ),
    Protocol(
        name="dump SQL",
        share=9,
        megabytes=(10, 2500),
        minutes=(1, 9),
        failures=(
            "mysqldump: Got error: 1045: Access denied for user 'sauv'@'localhost'",
            "pg_dump: error: connection to server failed: Connection refused",
        ),
        warnings=("Table verrouillée 45 s",),
        done="Export terminé",
    ),
    Protocol(
        name="export hebdo",
        share=7,
        megabytes=(1, 300),
        minutes=(1, 6),
        failures=("Fichier d'export vide (0 octet)", "Dépôt SFTP refusé : mot de passe expiré"),
        warnings=("Export sans les pièces jointes",),
        done="Export déposé",
    ),
    Protocol(
        name="copie USB",
        share=5,
        megabytes=(50, 4000),
        minutes=(3, 30),
        failures=("Disque E: absent", "Disque plein", "Copie interrompue par l'utilisateur"),
        warnings=("Disque bientôt plein (94 %)",),
        done="Copie terminée",
    ),
)

# The weekdays on which an office may be closed; () for an office that never is.
_CLOSED_DAYS = ((2,), (0,), (3,), (1, 3), (2, 4), ())


def _hours(count: float) -> timedelta:
    return timedelta(hours=count)


def schedule(protocol: Protocol, random: Random, office: bool) -> Schedule:
    """Returns a schedule for a job; `office`: the machine runs only in office hours."""
    closed = random.choices(_CLOSED_DAYS, (30, 14, 8, 6, 5, 37))[0] if office else ()
    minute = random.randrange(0, 60, 5)
    match protocol.name:
        case "restic":
            return Schedule(period=_hours(random.choice((12, 24, 24))), grace=_hours(12))
        case "rsync":
            return Schedule(period=_hours(random.choice((6, 12, 24))), grace=_hours(6))
        case "borg":
            hour = random.choice((20, 21, 22, 23))
            return Schedule(hours=(hour,), minute=minute, grace=_hours(random.choice((12, 24))))
        case "image":
            return Schedule(
                hours=(random.choice((0, 1, 4)),),
                minute=minute,
                weekdays=(1, 2, 3, 4, 5),
                grace=_hours(24),
            )
        case "dump SQL":
            return Schedule(
                hours=(12, 19), minute=minute, weekdays=(0, 1, 2, 3, 4, 5), grace=_hours(6)
            )
        case "export hebdo":
            return Schedule(
                hours=(random.choice((11, 16, 17)),),
                minute=minute,
                weekdays=(random.choice((0, 3, 4)),),
                holidays=True,
                grace=_hours(72),
            )
        case _:
            return Schedule(
                hours=(random.choice((11, 16, 17)),),
                minute=minute,
                weekdays=(0, 1, 2, 3, 4),
                closed=closed,
                holidays=True,
                grace=_hours(random.choice((24, 48))),
            )
