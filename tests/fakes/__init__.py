"""Servers on loopback that stand for source systems, and how they go wrong."""
