"""How much may be under way, on lines of known rate and delay, in simulated time."""

from __future__ import annotations

import pytest

from smic_tui.terminal.pacing import Pacer
from smic_tui.terminal.profile import ADSL, AUTO, LAN, SLOW, profile_for


class Line:
    """A line that is given as much as the pacer allows, for as long as that takes."""

    def __init__(self, pacer: Pacer, rate: float, round_trip: float) -> None:
        self.pacer, self.rate, self.round_trip = pacer, rate, round_trip
        self.now = 100.0
        self.free_at = 0.0
        self.answers: list[float] = []
        self.most_waiting = 0.0

    def send(self, size: int) -> None:
        fenced = self.pacer.fence_is_due(size, self.now)
        self.free_at = max(self.free_at, self.now) + size / self.rate
        self.most_waiting = max(self.most_waiting, self.free_at - self.now)
        self.pacer.sending(size, fenced, self.now)
        if fenced:
            self.answers.append(self.free_at + self.round_trip)

    def run(self, seconds: float, piece: int, every: float = 0.0) -> int:
        """Send pieces whenever allowed, or one every so often; the bytes that arrived."""
        end, before = self.now + seconds, self.pacer.sent
        next_piece = self.now
        while self.now < end:
            while self.answers and self.answers[0] <= self.now:
                self.pacer.answered(self.answers.pop(0))
            if self.now >= next_piece:
                if self.pacer.allowance(self.now) > 0:
                    self.send(piece)
                    next_piece = self.now + every
                else:
                    self.pacer.held()
            self.now += 0.001
        return self.pacer.sent - before


def test_a_slow_line_is_filled_but_not_stuffed() -> None:
    line = Line(Pacer(SLOW), 1000, 0.4)
    line.run(20, 40)
    line.most_waiting = 0.0
    arrived = line.run(20, 40)
    assert arrived > 0.9 * 20 * 1000
    assert line.most_waiting < 0.6
    assert line.pacer.rate == pytest.approx(1000, rel=0.2)


def test_a_long_fat_line_is_learnt() -> None:
    line = Line(Pacer(AUTO), 50_000, 0.6)
    line.run(15, 500)
    assert line.run(10, 500) > 0.85 * 10 * 50_000
    assert line.pacer.window > 30_000


def test_auto_tells_lines_apart() -> None:
    for rate, round_trip, name in (
        (1e7, 0.001, "lan"),
        (60_000, 0.06, "adsl"),
        (1000, 0.4, "33k"),
        (3000, 0.1, "33k"),
    ):
        pacer = Pacer(AUTO)
        Line(pacer, rate, round_trip).run(15, 200)
        assert pacer.profile.name == name, (rate, round_trip, pacer.rate)
    assert profile_for(0.4, None) is SLOW
    assert profile_for(0.4, 50_000) is ADSL


def test_a_slow_line_is_known_from_its_first_screen() -> None:
    pacer = Pacer(AUTO)
    assert not pacer.is_slow
    pacer.sending(12, True, 0.0)
    pacer.answered(0.4)
    # Far away is not slow yet.
    assert not pacer.is_slow
    pacer.sending(4000, True, 1.0)
    pacer.answered(5.4)
    assert pacer.is_slow


def test_a_slow_line_is_known_though_its_first_answer_came_late() -> None:
    """A kept screen goes out before the first fence, whose round trip is in its queue."""
    pacer = Pacer(AUTO)
    pacer.sending(4000, False, 0.0)
    pacer.sending(40, True, 0.3)
    pacer.answered(1.333)
    # It may be a line to the moon. A fence by itself will tell.
    assert not pacer.is_slow
    assert pacer.wants_probe()
    assert not pacer.wants_probe()
    pacer.sending(4, True, 1.333)
    pacer.answered(1.961)
    assert pacer.is_slow


def test_a_far_line_is_not_slow_because_its_first_answer_came_late() -> None:
    pacer = Pacer(AUTO)
    pacer.sending(4000, False, 0.0)
    pacer.sending(40, True, 0.3)
    pacer.answered(0.95)
    assert pacer.wants_probe()
    pacer.sending(4, True, 0.95)
    pacer.answered(1.58)
    assert not pacer.is_slow


def test_a_near_line_is_not_asked_twice() -> None:
    pacer = Pacer(AUTO)
    pacer.sending(4000, False, 0.0)
    pacer.sending(40, True, 0.3)
    pacer.answered(0.32)
    assert not pacer.wants_probe()


def test_a_slow_line_stays_one_until_it_was_surely_fast() -> None:
    pacer = Pacer(AUTO)
    line = Line(pacer, 1000, 0.4)
    line.run(15, 60)
    assert pacer.is_slow
    # Nothing happens for hours, then a little.
    line.now += 9000
    line.run(5, 30, every=1.0)
    assert pacer.is_slow
    line.rate = 12_000
    line.run(20, 60)
    assert pacer.is_slow
    line.rate = 200_000
    line.run(60, 400)
    assert not pacer.is_slow


def test_a_stall_of_a_fast_line_is_forgotten_with_the_next_page() -> None:
    pacer = Pacer(AUTO)
    line = Line(pacer, 1e7, 0.001)
    line.run(2, 200)
    pacer.sending(4096, True, line.now)
    pacer.answered(line.now + 2)
    assert pacer.is_slow
    line.now += 3
    line.run(1, 4096)
    assert not pacer.is_slow


def test_what_was_chosen_is_not_judged() -> None:
    for profile in (LAN, ADSL):
        pacer = Pacer(profile)
        Line(pacer, 1000, 0.4).run(20, 60)
        assert not pacer.is_slow
    assert Pacer(SLOW).is_slow


def test_frames_are_fewer_while_much_is_under_way() -> None:
    pacer = Pacer(SLOW)
    assert pacer.gather == SLOW.gather
    pacer.sending(40, True, 0.0)
    assert pacer.gather == SLOW.gather
    pacer.sending(200, True, 0.1)
    assert pacer.gather == SLOW.merge > SLOW.gather
    room = pacer.room
    pacer.answered(0.5)
    pacer.answered(0.7)
    assert pacer.gather == SLOW.gather
    assert pacer.room > room


def idle_seconds_of_a_large_frame(*, in_portions: bool) -> float:
    pacer = Pacer(SLOW)
    line = Line(pacer, 1000, 0.4)
    line.run(20, 40)
    line.now = line.free_at + 1
    while line.answers:
        pacer.answered(line.answers.pop(0))
    began, left = line.now, 3000
    while left:
        while line.answers and line.answers[0] <= line.now:
            pacer.answered(line.answers.pop(0))
        if (allowance := pacer.allowance(line.now)) > 0:
            part = min(left, allowance, pacer.portion if in_portions else allowance)
            line.send(part)
            left -= part
        else:
            pacer.held()
            line.now += 0.001
    return line.free_at - began - 3.0


def test_portions_of_a_large_frame_keep_a_slow_line_busy() -> None:
    assert idle_seconds_of_a_large_frame(in_portions=True) < 0.1
    assert idle_seconds_of_a_large_frame(in_portions=False) > 0.2


def test_on_other_lines_a_frame_is_one_portion() -> None:
    assert all(Pacer(profile).portion >= 1 << 20 for profile in (LAN, ADSL, AUTO))
    pacer = Pacer(SLOW)
    assert pacer.portion < SLOW.first
    # One that answers nothing is not waited for either.
    pacer.sending(100, True, 0.0)
    pacer.allowance(60.0)
    assert pacer.is_mute
    assert pacer.portion >= 1 << 20


def test_small_frames_on_a_near_terminal_carry_no_fences() -> None:
    pacer = Pacer(AUTO)
    line = Line(pacer, 1e7, 0.001)
    line.run(1, 30, every=0.1)
    assert pacer.profile is LAN
    line.now += 0.1
    assert not pacer.fence_is_due(30, line.now)
    assert pacer.fence_is_due(8000, line.now)


def test_a_terminal_that_never_answers() -> None:
    pacer = Pacer(AUTO)
    pacer.sending(4000, pacer.fence_is_due(4000, 0.0), 0.0)
    assert pacer.is_waiting
    assert 0 < pacer.allowance(1.0) < 8192
    pacer.sending(6000, pacer.fence_is_due(6000, 1.0), 1.0)
    assert pacer.allowance(2.0) <= 0
    assert pacer.wake_at(4.0) == pytest.approx(5.0)
    assert pacer.allowance(5.1) > 1 << 16
    assert pacer.is_mute
    assert not pacer.fence_is_due(4000, 5.2)
    pacer.answered(9.0)
    assert not pacer.is_mute


def test_a_large_first_screen_goes_in_two_parts() -> None:
    pacer = Pacer(AUTO)
    # What the kept screen took does not count.
    pacer.sending(6000, False, 0.0)
    pacer.sending(80, True, 0.3)
    assert pacer.allowance(0.4) < AUTO.first - 6000
    pacer = Pacer(AUTO)
    pacer.sending(80, True, 0.3)
    first = pacer.allowance(0.4)
    assert first < 4500 - 80 - 150
    pacer.sending(first, True, 0.4)
    assert pacer.allowance(0.5) == 0
    assert pacer.wake_at(0.5) == pytest.approx(1.3)
    # One that answers nothing has the rest a second later, any other with its answer.
    assert pacer.allowance(1.4) > 1500
    pacer.answered(0.42)
    pacer.answered(0.42)
    assert pacer.allowance(0.5) > 1500


def test_an_interruption_lets_little_through_until_the_answers_are_back() -> None:
    pacer = Pacer(SLOW)
    line = Line(pacer, 1000, 0.4)
    line.run(20, 60)
    window = pacer.window
    # From now on nothing is answered.
    line.answers.clear()
    before, now = pacer.sent, line.now
    while line.now < now + 60:
        if pacer.allowance(line.now) > 0:
            line.send(60)
        line.now += 0.05
    assert pacer.sent - before < 3 * (window + 60)


def test_a_lost_answer_does_not_close_the_window_for_ever() -> None:
    pacer = Pacer(SLOW)
    line = Line(pacer, 1000, 0.4)
    line.run(10, 60)
    line.answers.clear()
    line.run(21, 60, every=0.5)
    assert line.run(10, 60, every=0.5) >= 10 * 60
    line.run(10, 60)
    assert line.run(10, 60) > 0.8 * 10 * 1000
