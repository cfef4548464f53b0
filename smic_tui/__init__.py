"""smic-tui: one keyboard-driven screen over the systems of an IT syndicate."""

__version__ = "0.1.0"
