"""What the program knows, kept in files: atomic storage, locks, the user's own file."""
