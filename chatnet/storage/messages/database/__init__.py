"""Messages in a database of PostgreSQL, which one server has or several have in common."""
