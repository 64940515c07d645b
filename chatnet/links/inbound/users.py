"""Users behind a link: who they are and what they do."""
