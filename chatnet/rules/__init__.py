"""May she? Decisions about local commands, as values; they change nothing."""
