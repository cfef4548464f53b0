"""What is sent, when, and what becomes of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from smic_tui import i18n
from smic_tui.cache.cache import Cache
from smic_tui.collecting import sender as sending
from smic_tui.contract.actions import Refused, Verb
from smic_tui.contract.errors import AuthFailed, BadAnswer, Unavailable
from smic_tui.i18n import phrase
from smic_tui.model.outbox_entry import EntryState
from smic_tui.outbox import box
from smic_tui.records import TicketStatus
from tests.collecting.collecting_doubles import until
from tests.outbox.outbox_desk import Desk, Office, action, ticket

OpenOffice = Callable[..., Office]


def raising(error: BaseException) -> Callable[[], None]:
    def call() -> None:
        raise error

    return call


def nothing() -> None:
    """As if nothing were the matter."""


async def until_idle(office: Office, tries: int = 50) -> None:
    for _try in range(tries):
        pause = await office.sender.send()
        if pause is None:
            return
        await asyncio.sleep(min(pause, 0.06))
    raise AssertionError(office.cache.user.load().outbox)


async def test_a_comment_is_sent_once_and_confirmed_by_the_record(office: Office) -> None:
    wanted = office.want(action())
    assert office.entry(wanted).state is EntryState.WAITING
    assert await office.sender.send() is None
    assert office.desk.comments == [("1", "Toner remplacé")]
    entry = office.entry(wanted)
    assert entry.state is EntryState.CONFIRMED
    assert entry.now_record == replace(office.desk.tickets["1"], source="desk")
    assert office.placed["1"] == entry.now_record
    assert await office.sender.send() is None
    assert office.desk.writes == 1


async def test_an_earlier_comment_that_says_the_same_is_not_taken_for_it(office: Office) -> None:
    office.desk.comments.append(("1", "Toner remplacé"))
    office.want(action())
    await office.sender.send()
    assert office.desk.comments == [("1", "Toner remplacé")] * 2


async def test_what_is_done_already_is_not_sent(office: Office) -> None:
    wanted = office.want(action(Verb.ASSIGN, value="agent1"))
    office.desk.touch("1", owner="agent1")
    await office.sender.send()
    assert office.entry(wanted).state is EntryState.CONFIRMED
    assert office.desk.writes == 0


async def test_in_order_and_own_actions_are_no_conflict(office: Office) -> None:
    first = office.want(action())
    second = office.want(action(Verb.ASSIGN, value="agent1"))
    third = office.want(action(Verb.RESOLVE))
    await office.sender.send()
    states = [office.entry(one).state for one in (first, second, third)]
    assert states == [EntryState.CONFIRMED] * 3
    assert office.desk.tickets["1"].status is TicketStatus.RESOLVED
    assert office.desk.writes == 3


async def test_what_was_seen_before_an_own_action_that_is_done_is_no_conflict(
    office: Office,
) -> None:
    seen = replace(office.desk.tickets["1"], source="desk")
    office.want(action())
    await office.sender.send()
    late = office.want(action(Verb.RESOLVE), seen=seen)
    await office.sender.send()
    assert office.entry(late).state is EntryState.CONFIRMED


async def test_a_change_before_an_own_action_is_a_conflict_for_the_next(office: Office) -> None:
    comment = office.want(action())
    resolve = office.want(action(Verb.RESOLVE))
    office.desk.touch("1")  # somebody says something
    await office.sender.send()
    assert office.entry(comment).state is EntryState.CONFIRMED
    assert office.entry(resolve).state is EntryState.CONFLICT


async def test_a_change_after_an_own_action_is_a_conflict_for_the_next(
    open_office: OpenOffice,
) -> None:
    office = open_office()
    comment = office.want(action())
    resolve = office.want(action(Verb.RESOLVE))

    def reassign() -> None:
        if office.entry(comment).state is EntryState.CONFIRMED:
            office.desk.touch("1", owner="another")

    office.desk.on_look = reassign
    await office.sender.send()
    entry = office.entry(resolve)
    assert entry.state is EntryState.CONFLICT
    assert entry.now is not None
    assert (entry.seen["owner"], entry.now["owner"]) == ("", "another")


async def test_a_conflict_is_shown_with_both_versions_and_kept_or_dropped(office: Office) -> None:
    kept = office.want(action(Verb.ASSIGN, value="agent1"))
    dropped = office.want(action(Verb.ASSIGN, key="2", value="agent1"))
    office.desk.touch("1", owner="another")
    office.desk.touch("2", owner="another")
    await office.sender.send()
    assert office.desk.writes == 0
    for one in (kept, dropped):
        entry = office.entry(one)
        assert entry.state is EntryState.CONFLICT
        seen, now = entry.seen_record, entry.now_record
        assert getattr(seen, "owner", None) == ""
        assert getattr(now, "owner", None) == "another"
    office.do(box.resend(kept.id))
    office.do(box.withdraw(dropped.id))
    await office.sender.send()
    assert office.entry(kept).state is EntryState.CONFIRMED
    assert office.desk.tickets["1"].owner == "agent1"
    assert office.desk.tickets["2"].owner == "another"


async def test_what_another_program_withdraws_during_a_look_stays_withdrawn(
    office: Office,
) -> None:
    wanted = office.want(action(Verb.ASSIGN, value="agent1"))
    office.desk.touch("1", owner="another")
    other = Cache(office.cache.folder).user

    def withdraw() -> None:
        assert other.change_outbox(box.withdraw(wanted.id))

    office.desk.on_look = withdraw
    await office.sender.send()
    assert office.entry(wanted).state is EntryState.WITHDRAWN


async def test_what_does_not_matter_is_no_conflict(office: Office) -> None:
    wanted = office.want(action())
    office.desk.touch("1", owner="another", priority=1)
    await office.sender.send()
    assert office.entry(wanted).state is EntryState.CONFIRMED


async def test_a_conflict_holds_what_follows_on_that_record_only(office: Office) -> None:
    office.want(action(Verb.ASSIGN, value="agent1"))
    behind = office.want(action())
    beside = office.want(action(key="2"))
    office.desk.touch("1", owner="another")
    await office.sender.send()
    assert office.entry(behind).state is EntryState.WAITING
    assert office.entry(beside).state is EntryState.CONFIRMED


async def test_a_deleted_record_is_a_refusal(office: Office) -> None:
    wanted = office.want(action())
    del office.desk.tickets["1"]
    await office.sender.send()
    entry = office.entry(wanted)
    assert entry.state is EntryState.REFUSED
    assert "no such record" in phrase(entry.error)
    assert office.placed["1"] is None


@pytest.mark.parametrize("sender", ["en", "fr"])
async def test_why_it_does_not_go_on_is_told_in_the_readers_language(
    office: Office, sender: str
) -> None:
    i18n.use(sender)
    try:
        gone = office.want(action())
        del office.desk.tickets["1"]
        await office.sender.send()
        i18n.use("fr")
        assert phrase(office.entry(gone).error) == "la source n’a plus cette fiche"
        i18n.use("en")
        assert phrase(office.entry(gone).error) == "the source has no such record any more"
    finally:
        i18n.use("en")


async def test_a_refusal_says_why_and_stays_until_it_is_dismissed(office: Office) -> None:
    wanted = office.want(action())
    office.desk.before = raising(Refused("Permission Denied", hint="ask for the right"))
    await office.sender.send()
    entry = office.entry(wanted)
    assert (entry.state, entry.error) == (EntryState.REFUSED, "Permission Denied")
    assert entry.hint == "ask for the right"
    assert await office.sender.send() is None
    office.do(box.dismiss(wanted.id))
    assert wanted.id not in office.cache.user.load().outbox


async def test_a_refused_action_can_be_tried_again(office: Office) -> None:
    wanted = office.want(action())
    office.desk.before = raising(Refused("Permission Denied"))
    await office.sender.send()
    office.desk.before = nothing
    office.do(box.resend(wanted.id))
    await office.sender.send()
    assert office.entry(wanted).state is EntryState.CONFIRMED
    assert len(office.desk.comments) == 1


async def test_success_that_did_nothing_is_a_refusal(office: Office) -> None:
    wanted = office.want(action(Verb.RESOLVE))
    office.desk.quiet = True
    pause = await office.sender.send()
    assert pause is not None
    assert office.entry(wanted).state is EntryState.SENT
    await until_idle(office)
    entry = office.entry(wanted)
    assert entry.state is EntryState.REFUSED
    assert "does not show it" in phrase(entry.error)
    assert office.desk.writes == 1


async def test_a_source_that_shows_effects_at_once_is_not_waited_for(office: Office) -> None:
    wanted = office.want(action(Verb.RESOLVE))
    office.desk.quiet = office.desk.at_once = True
    assert await office.sender.send() is None
    assert office.entry(wanted).state is EntryState.REFUSED


async def test_an_effect_that_shows_late_is_waited_for(office: Office) -> None:
    wanted = office.want(action())
    office.desk.blind = True
    await office.sender.send()
    assert office.entry(wanted).state is EntryState.SENT
    office.desk.blind = False
    await until_idle(office)
    assert office.entry(wanted).state is EntryState.CONFIRMED
    assert office.desk.writes == 1


async def test_without_a_line_it_waits_and_can_be_withdrawn(office: Office) -> None:
    office.desk.tickets["3"] = ticket("3")
    wanted, other = office.want(action()), office.want(action(key="2"))
    office.want(action(key="3"))
    office.desk.on_look = raising(Unavailable("no line"))
    pause = await office.sender.send()
    assert pause is not None
    assert pause > 0
    entry = office.entry(wanted)
    assert (entry.state, entry.error) == (EntryState.WAITING, "no line")
    # One may be a fault of its record, two are the line's: the third is not tried.
    assert office.desk.looks == 2
    office.do(box.withdraw(wanted.id))
    office.desk.on_look = nothing
    office.sender.wake()
    await office.sender.send()
    assert office.entry(wanted).state is EntryState.WITHDRAWN
    assert office.entry(other).state is EntryState.CONFIRMED
    assert sorted(office.desk.comments) == [("2", "Toner remplacé"), ("3", "Toner remplacé")]


@pytest.mark.parametrize("conditional", [True, False])
async def test_cut_after_the_commit(office: Office, conditional: bool) -> None:
    office.desk.conditional = conditional
    wanted = office.want(action())
    office.desk.after = raising(Unavailable("cut"))
    assert await office.sender.send() is not None
    entry = office.entry(wanted)
    assert (entry.state, entry.error) == (EntryState.SENDING, "cut")
    office.do(box.withdraw(wanted.id))
    assert office.entry(wanted).state is EntryState.SENDING  # it may have been done
    office.desk.after = nothing
    await until_idle(office)
    assert office.entry(wanted).state is EntryState.CONFIRMED
    assert office.desk.comments == [("1", "Toner remplacé")]


async def test_cut_before_the_commit(office: Office) -> None:
    wanted = office.want(action())
    office.desk.before = raising(Unavailable("cut"))
    await office.sender.send()
    assert office.entry(wanted).state is EntryState.SENDING
    office.desk.before = nothing
    await until_idle(office)
    assert office.entry(wanted).state is EntryState.CONFIRMED
    assert office.desk.comments == [("1", "Toner remplacé")]


async def test_what_may_still_be_on_its_way_is_not_sent_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "SETTLE", 60)
    wanted = office.want(action())
    office.desk.before = raising(Unavailable("cut"))
    await office.sender.send()
    office.desk.before = nothing
    office.sender.wake()
    await office.sender.send()
    assert office.desk.comments == []
    office.desk.comments.append(("1", "Toner remplacé"))  # now the server gets to it
    office.sender.wake()
    await office.sender.send()
    assert office.entry(wanted).state is EntryState.CONFIRMED
    assert office.desk.writes == 0


async def test_a_race_between_look_and_write_is_looked_at_again(office: Office) -> None:
    wanted = office.want(action())
    races = iter([True, True])

    def race() -> None:
        if next(races, False):
            office.desk.touch("1", priority=1)

    office.desk.before = race
    await office.sender.send()
    assert office.entry(wanted).state is EntryState.CONFIRMED
    assert len(office.desk.comments) == 1


async def test_a_race_that_matters_is_a_conflict(office: Office) -> None:
    wanted = office.want(action(Verb.RESOLVE))
    office.desk.before = lambda: office.desk.touch("1", owner="another")
    await office.sender.send()
    assert office.entry(wanted).state is EntryState.CONFLICT


async def test_refused_credentials_are_not_hammered(office: Office) -> None:
    wanted = office.want(action())
    office.desk.before = office.desk.on_probe = raising(AuthFailed("the key is refused"))
    pause = await office.sender.send()
    assert pause is not None
    assert pause > 60
    entry = office.entry(wanted)
    assert (entry.state, entry.error) == (EntryState.WAITING, "the key is refused")


@pytest.mark.parametrize("moment", ["on_look", "before"])
async def test_a_right_that_is_missing_on_one_record_is_a_refusal(
    office: Office, moment: str
) -> None:
    closed, fine = office.want(action()), office.want(action(key="2"))
    answers = iter([AuthFailed("no right to the followups", hint="ask for it")] * 2)

    def first_record() -> None:
        if office.entry(closed).state.is_open and (error := next(answers, None)):
            raise error

    setattr(office.desk, moment, first_record)
    assert await office.sender.send() is None
    entry = office.entry(closed)
    assert (entry.state, entry.error) == (EntryState.REFUSED, "no right to the followups")
    assert entry.hint == "ask for it"
    assert office.entry(fine).state is EntryState.CONFIRMED


async def test_one_record_that_hangs_does_not_hold_the_others(office: Office) -> None:
    hanging, fine = office.want(action()), office.want(action(key="2"))

    def hang() -> None:
        if office.desk.looks == 1:
            raise Unavailable("500")

    office.desk.on_look = hang
    assert await office.sender.send() is not None
    assert office.entry(hanging).state is EntryState.WAITING
    assert office.entry(fine).state is EntryState.CONFIRMED
    office.sender.wake()
    await until_idle(office)
    assert office.entry(hanging).state is EntryState.CONFIRMED


async def test_attempts_of_unknown_outcome_do_not_hold_the_others(
    open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "SETTLE", 60)
    office = open_office()
    chance = random.Random(15)
    wanted = []
    for number in range(100):
        office.desk.tickets[str(number)] = ticket(str(number))
        wanted.append(office.want(action(key=str(number))))
    faults = {one.key for one in wanted if chance.random() < 0.15}
    assert len(faults) > 8

    def fault() -> None:
        sent = next(one for one in wanted if office.entry(one).state is EntryState.SENDING
                    and one.key not in seen)  # fmt: skip
        seen.add(sent.key)
        if sent.key in faults:
            raise Unavailable("cut")

    seen: set[str] = set()
    office.desk.before = fault
    assert await office.sender.send() is not None
    states = {one.key: office.entry(one).state for one in wanted}
    assert {key for key, state in states.items() if state is EntryState.SENDING} == faults
    assert {states[key] for key in states.keys() - faults} == {EntryState.CONFIRMED}


async def test_one_record_that_cannot_be_read_does_not_hold_the_others(office: Office) -> None:
    broken, fine = office.want(action()), office.want(action(key="2"))
    asked = iter([BadAnswer("no JSON"), None, None])

    def look() -> None:
        if error := next(asked, None):
            raise error

    office.desk.on_look = look
    assert await office.sender.send() is not None
    assert office.entry(fine).state is EntryState.CONFIRMED
    assert office.entry(broken).error == "no JSON"


async def test_a_bug_of_the_adapter_is_told_and_nothing_is_lost(office: Office) -> None:
    wanted = office.want(action())
    office.desk.after = raising(ZeroDivisionError("oops"))
    await office.sender.send()
    assert "ZeroDivisionError" in office.entry(wanted).error
    office.desk.after = nothing
    await until_idle(office)
    assert office.entry(wanted).state is EntryState.CONFIRMED
    assert len(office.desk.comments) == 1


async def test_a_frozen_source_meets_its_deadline(open_office: OpenOffice) -> None:
    office = open_office(deadline="0.05s")
    wanted = office.want(action())

    async def frozen(_action: object) -> object:
        await asyncio.sleep(60)
        raise AssertionError

    office.desk.inspect = frozen  # type: ignore[method-assign,assignment]
    assert await office.sender.send() is not None
    assert "0.05" in office.entry(wanted).error


async def test_read_only_sends_nothing(open_office: OpenOffice) -> None:
    office = open_office(read_only=True)
    wanted = office.want(action())
    assert await office.sender.send() is None
    assert office.entry(wanted).state is EntryState.WAITING
    assert office.desk.looks == 0


async def test_who_does_not_hold_the_lock_sends_nothing(office: Office) -> None:
    wanted = office.want(action())
    office.cache.lock.release()
    await office.sender.send()
    assert office.entry(wanted).state is EntryState.WAITING
    assert office.desk.looks == 0


async def test_a_kind_that_can_only_be_read_refuses(office: Office) -> None:
    wanted = office.want(action())
    office.desk = object()  # type: ignore[assignment]
    await office.sender.send()
    assert office.entry(wanted).state is EntryState.REFUSED


async def test_a_record_from_a_hub_is_shown_there(office: Office) -> None:
    seen = replace(office.desk.tickets["1"], source="siege/desk")
    wanted = office.want(action(), seen=seen, shown="siege/desk")
    await office.sender.send()
    assert office.entry(wanted).state is EntryState.CONFIRMED
    ((place, record),) = office.shown
    assert place[0] == "siege/desk"
    assert record is not None
    assert record.source == "siege/desk"
    assert office.placed == {}


async def test_new_entries_wake_a_sender_that_waits(office: Office) -> None:
    task = asyncio.create_task(office.sender.run())
    await asyncio.sleep(0.05)
    wanted = office.want(action())
    await until(lambda: office.entry(wanted).state is EntryState.CONFIRMED)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert office.entry(wanted).state is EntryState.CONFIRMED


class Killed(BaseException):
    """The program ends here, without a word."""


@pytest.mark.parametrize("step", range(10))
@pytest.mark.parametrize("verb", [Verb.COMMENT, Verb.ASSIGN])
async def test_killed_between_any_two_steps(
    open_office: OpenOffice, desk: Desk, step: int, verb: Verb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was the last thing to happen, the next program does it once in all."""
    office = open_office()
    wanted = office.want(action(verb, value="agent1"))
    left = step

    def tick() -> None:
        nonlocal left
        if left == 0:
            raise Killed
        left -= 1

    change = office.cache.user.change_outbox

    def store(what: box.Change) -> bool:
        tick()
        done = change(what)
        tick()
        return done

    monkeypatch.setattr(office.cache.user, "change_outbox", store)
    desk.on_look = desk.before = desk.after = tick
    try:
        await office.sender.send()
    except Killed:
        pass
    else:
        assert step >= 8
    desk.on_look = desk.before = desk.after = nothing
    again = open_office()
    await until_idle(again)
    assert again.entry(wanted).state is EntryState.CONFIRMED
    assert desk.writes == 1
    assert len(desk.comments) == (verb is Verb.COMMENT)
    assert desk.tickets["1"].owner == ("agent1" if verb is Verb.ASSIGN else "")


async def test_what_the_disk_refuses_is_not_sent(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = office.want(action())
    monkeypatch.setattr(office.cache.user, "change_outbox", lambda _change: False)
    assert await office.sender.send() is not None
    assert office.desk.writes == 0
    monkeypatch.undo()
    assert office.entry(wanted).state is EntryState.WAITING


async def test_a_hostile_record_is_cleaned_before_it_is_kept(office: Office) -> None:
    wanted = office.want(action())
    office.desk.touch("1", subject="\x1b[2J[@click=x]")
    await office.sender.send()
    record = office.entry(wanted).now_record
    assert "\x1b" not in getattr(record, "subject", "\x1b")


async def test_ticket_closed_meanwhile_is_a_conflict_for_a_comment(office: Office) -> None:
    wanted = office.want(action(), seen=ticket("1", source="desk"))
    office.desk.touch("1", status=TicketStatus.CLOSED)
    await office.sender.send()
    assert office.entry(wanted).state is EntryState.CONFLICT
