"""One local client, sans-IO: its lines in, its lines out, and where it stands between them."""
