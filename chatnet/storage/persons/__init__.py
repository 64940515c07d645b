"""Who stays on this server without a session, in ``persons.sqlite``: read at the next start."""
