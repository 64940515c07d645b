"""How long filters take."""
