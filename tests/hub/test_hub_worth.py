"""What is published and what is worth a bad line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from smic_tui.hub.worth import is_news, publishable
from smic_tui.records import Health, HealthState, Site

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
WELL = (HealthState.UP, HealthState.OK)


def health(state: HealthState, output: str = "RTA 5 ms", minute: int = 0) -> Health:
    checked = NOW + timedelta(minutes=minute)
    return Health(
        key="h", source="m", site="1", host="h", state=state, output=output, checked=checked
    )


def test_what_is_published_names_no_source_and_no_time_of_a_check() -> None:
    row = publishable(health(HealthState.UP))
    assert isinstance(row, Health)
    assert (row.source, row.checked, row.output) == ("", None, "RTA 5 ms")
    assert publishable(Site(key="1", source="m", code="1", name="Ars")) == Site(
        key="1", code="1", name="Ars"
    )


@pytest.mark.parametrize("state", list(HealthState))
def test_that_it_was_checked_again_is_no_news(state: HealthState) -> None:
    first, again = publishable(health(state)), publishable(health(state, minute=5))
    assert not is_news(first, again)


def test_an_outdated_check_is_published_with_its_time_and_once() -> None:
    fresh = replace(health(HealthState.UP), valid_for=900)
    outdated = replace(fresh, outdated=True)
    told = publishable(outdated)
    assert isinstance(told, Health)
    assert (told.outdated, told.checked, told.valid_for) == (True, NOW, None)
    assert is_news(publishable(fresh), told)
    assert not is_news(told, publishable(outdated))
    assert is_news(told, publishable(replace(fresh, checked=NOW + timedelta(hours=5))))


@pytest.mark.parametrize("state", list(HealthState))
def test_another_output_is_news_of_what_is_not_well(state: HealthState) -> None:
    first, again = publishable(health(state)), publishable(health(state, "RTA 9 ms"))
    assert is_news(first, again) is (state not in WELL)


@given(st.sampled_from(HealthState), st.sampled_from(HealthState))
def test_another_state_is_always_news(before: HealthState, after: HealthState) -> None:
    found = is_news(publishable(health(before)), publishable(health(after)))
    assert found is (before is not after)


def test_another_field_is_news_also_of_what_is_well() -> None:
    first = health(HealthState.UP)
    assert is_news(first, replace(first, acknowledged=True))


def test_what_was_not_there_is_news() -> None:
    assert is_news(None, publishable(health(HealthState.UP)))
    assert is_news(None, Site(key="1", code="1", name="Ars"))


def test_a_site_is_news_when_anything_changes() -> None:
    site = Site(key="1", code="1", name="Ars")
    assert not is_news(site, replace(site))
    assert is_news(site, replace(site, name="Ars-en-Ré"))
