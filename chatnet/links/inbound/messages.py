"""What users behind a link say."""
