"""smic-tui ack and unack: acknowledges an alert, or takes the acknowledgement back."""

from __future__ import annotations

import getpass
from argparse import Namespace

from smic_tui.cli.exits import CommandError, Exit
from smic_tui.cli.say import say
from smic_tui.cli.situation import Reading, read
from smic_tui.config.errors import nearest
from smic_tui.duty.until import Until, parse_until
from smic_tui.i18n import _
from smic_tui.model.facts import AlertFact
from smic_tui.model.states import AlertStatus
from smic_tui.model.user_state import Acknowledgement
from smic_tui.text import clean


def run(options: Namespace) -> int:
    """Changes the person's own file; raises `CommandError` if it cannot be written."""
    options.cached, options.sync = True, False
    reading = read(options)
    alert = _find(reading, options.fingerprint)
    if options.command == "unack":
        kept = reading.cache.user.unacknowledge(alert.fingerprint)
    else:
        end = _end(options.until, reading)
        kept = reading.cache.user.acknowledge(
            Acknowledgement(
                fingerprint=alert.fingerprint,
                by=clean(options.by or getpass.getuser()),
                at=reading.situation.now,
                until=end.moment,
                digest=alert.digest if end.change else "",
                comment=clean(options.comment or end.comment),
            )
        )
    if not kept:
        raise CommandError(Exit.OUTPUT, "\n".join(reading.cache.notices))
    say(alert.summary or alert.fingerprint)
    return Exit.FINE


def _find(reading: Reading, fingerprint: str) -> AlertFact:
    alive = {
        alert.fingerprint: alert
        for alert in reading.situation.alerts
        if alert.status is not AlertStatus.CLEARED
    }
    if fingerprint in alive:
        return alive[fingerprint]
    message = _("no alert has the key {given}").format(given=fingerprint)
    if guess := nearest(fingerprint, alive):
        message += "; " + _("did you mean {guess}?").format(guess=guess)
    raise CommandError(Exit.USAGE, message)


def _end(text: str, reading: Reading) -> Until:
    try:
        return parse_until(text, reading.situation.now, reading.look.zone)
    except ValueError as error:
        raise CommandError(Exit.USAGE, f"--until: {error}") from None
