"""Hands on the test kit, `smic_tui.testing`, to adapters that import it from here."""

from __future__ import annotations

from smic_tui.testing.actions import ActingConformance
from smic_tui.testing.adapters import AdapterConformance

__all__ = ["ActingConformance", "AdapterConformance"]
