"""The terminal driver: knows what the far terminal shows, and sends the least that changes it."""
