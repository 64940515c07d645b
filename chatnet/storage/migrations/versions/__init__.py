"""Steps, in the order of their names; ``0001`` is what a new file begins with."""
