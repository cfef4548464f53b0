"""smic-tui list: facts, filtered and sorted."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from smic_tui.cli import tables
from smic_tui.cli.exits import CommandError, Exit
from smic_tui.cli.json_text import print_json
from smic_tui.cli.say import say
from smic_tui.cli.situation import read
from smic_tui.config.errors import unknown_word
from smic_tui.i18n import _
from smic_tui.model.subjects import Fact, subject_named
from smic_tui.query.fields import FieldSet, Moment
from smic_tui.query.parser import QuerySyntaxError, parse
from smic_tui.query.subjects.all import fields_for
from smic_tui.text import fold
from smic_tui.views.lists.all import listing_of


def run(options: Namespace) -> int:
    """List facts of one subject; `Exit.SOURCE` when a source that was read failed."""
    reading = read(options)
    listing, fields = listing_of(subject_named(options.subject)), fields_for(options.subject)
    moment = Moment(reading.situation.now, reading.situation.freshness)
    try:
        query = parse(options.where, fields, reading.loaded.settings.display.timezone)
    except QuerySyntaxError as error:
        raise CommandError(Exit.USAGE, pointed_at(options.where, error)) from None
    facts: Sequence[Fact] = query.select(
        listing.facts(reading.situation), moment.now, moment.freshness
    )
    facts = _sorted(fields, facts, options.sort, moment)[: options.limit]
    if options.form == "json":
        print_json(list(tables.as_objects(fields, listing.key, facts, moment)))
    elif options.form == "csv":
        names = ["key", *(field.name for field in fields)]
        tables.write_csv(names, tables.as_objects(fields, listing.key, facts, moment))
    else:
        for line in tables.plain(listing, facts, reading.look):
            print(line)
        if not facts:
            say(_("nothing matches") if options.where else _(listing.empty))
    return reading.exit


def pointed_at(text: str, error: QuerySyntaxError) -> str:
    """The message of a filter's error, with the filter and a mark under the place."""
    return f"{error.message}\n    {text}\n    {' ' * error.column}^"


def _sorted(fields: FieldSet, facts: Sequence[Fact], by: str, moment: Moment) -> Sequence[Fact]:
    if not by:
        return facts
    field = fields.find(by.removeprefix("-"))
    if field is None:
        known = [known.name for known in fields]
        raise CommandError(
            Exit.USAGE, unknown_word(by.removeprefix("-"), known, _("--sort: no such field"))
        )
    valued, without = [], []
    for fact in facts:
        value = field.get(fact, moment)
        if isinstance(value, tuple | list | frozenset | set):
            value = "; ".join(sorted(map(str, value)))
        if value is None or value == "":
            without.append(fact)
        else:
            valued.append((fold(value) if isinstance(value, str) else value, fact))
    valued.sort(key=lambda pair: pair[0], reverse=by.startswith("-"))
    return [fact for _value, fact in valued] + without
