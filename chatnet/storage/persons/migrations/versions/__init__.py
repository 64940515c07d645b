"""Steps, in the order of their names.  The last one is the schema of ``tables.py``."""
