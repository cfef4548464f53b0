"""Reads the sources into the cache, sends the outbox, and hands out snapshots."""
