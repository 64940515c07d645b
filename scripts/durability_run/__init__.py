"""Whether what a server echoed is stored, however it ends."""
