"""The format of the files that a head office publishes for thin clients."""
