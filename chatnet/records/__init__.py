"""What stored records say of accounts and registered channels: their grammar, their values, and which hold.

Pure functions of texts, on a rung of their own between storage, which knows four texts, and the model.
"""
