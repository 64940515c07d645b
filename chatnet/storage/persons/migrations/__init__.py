"""The way from each schema of people who stay to the next, for Alembic; imported only when a file is behind.

A step is a file here with `revision` (four digits), `down_revision` (the one before) and
`upgrade()`.  There is no way back.
"""
