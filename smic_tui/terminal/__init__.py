"""Between Textual and the line: what the far terminal shows, and the least that changes it."""
