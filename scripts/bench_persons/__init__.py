"""Measures how long others take to claim the people of a server that is lost."""
