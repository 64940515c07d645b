"""What was said, kept in a database: targets, messages, who was there, and how far people have read."""
