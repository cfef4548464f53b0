"""smic-tui ack and unack: acknowledges an alert, or takes the acknowledgement back."""

from __future__ import annotations

from argparse import Namespace

from smic_tui.cli.exits import CommandError, Exit
from smic_tui.cli.say import say
from smic_tui.cli.situation import Reading, read
from smic_tui.config.errors import nearest, with_guess
from smic_tui.config.person import author
from smic_tui.duty.until import Until, parse_until
from smic_tui.i18n import _, labelled
from smic_tui.model.facts import AlertFact
from smic_tui.model.states import AlertStatus
from smic_tui.model.user_state import Acknowledgement
from smic_tui.text import clean
from smic_tui.views import human


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
                by=author(reading.loaded.settings.me, options.by),
                at=reading.situation.now,
                until=end.moment,
                digest=alert.digest if end.change else "",
                comment=clean(options.comment or end.comment),
            )
        )
    if not kept:
        raise CommandError(Exit.OUTPUT, "\n".join(reading.cache.notices))
    say(_done(options, alert, reading))
    return Exit.FINE


def _done(options: Namespace, alert: AlertFact, reading: Reading) -> str:
    """What was done, in words."""
    what = alert.summary or alert.fingerprint
    if alert.site_name:
        what = labelled(alert.site_name, what)
    if options.command == "unack":
        return _("acknowledgement removed: {what}").format(what=what)
    ack = reading.cache.user.state.acknowledgements[alert.fingerprint]
    if ack.until is None:
        return _("acknowledged until it changes: {what}").format(what=what)
    moment = human.moment(ack.until, reading.look.now, reading.look.zone)
    return _("acknowledged until {moment}: {what}").format(moment=moment, what=what)


def _find(reading: Reading, fingerprint: str) -> AlertFact:
    alive = {
        alert.fingerprint: alert
        for alert in reading.situation.alerts
        if alert.status is not AlertStatus.CLEARED
    }
    if fingerprint in alive:
        return alive[fingerprint]
    message = _("no alert has the key {given}").format(given=fingerprint)
    raise CommandError(Exit.USAGE, with_guess(message, nearest(fingerprint, alive)))


def _end(text: str, reading: Reading) -> Until:
    try:
        return parse_until(text, reading.situation.now, reading.look.zone)
    except ValueError as error:
        raise CommandError(Exit.USAGE, labelled("--until", str(error))) from None
