"""Hands on the test kit, `smic_tui.testing`, to adapters that import it from here."""

from __future__ import annotations

from smic_tui.testing import ActingConformance, AdapterConformance

__all__ = ["ActingConformance", "AdapterConformance"]
