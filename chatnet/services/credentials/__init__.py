"""What is kept of passwords, one file for each form."""
