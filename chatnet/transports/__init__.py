"""Twisted protocols and factories: how bytes reach a session and leave its outlet."""
