"""What a server keeps for good: records in a database, beside the reactor's thread.

Nothing here knows IRC: a record is four texts, and what they mean is told by functions that are handed in.
"""
