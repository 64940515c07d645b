"""Accounts and channels that belong to somebody, kept by this server itself."""
