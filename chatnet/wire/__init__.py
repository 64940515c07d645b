"""IRC as text: lines, messages, names, masks and modes, with the standard library only."""
