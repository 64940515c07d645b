"""People with several sessions, or none: who is attached to whom, and what becomes of whom nobody serves."""
