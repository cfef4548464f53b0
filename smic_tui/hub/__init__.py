"""What a head office publishes for thin clients: the format of its files."""
