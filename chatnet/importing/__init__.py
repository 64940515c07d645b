"""What another program kept of accounts and channels: read from its file, and written as records.

Each program has a file here that reads what it wrote, and gives what is in ``neutral.py``; ``records.py``
makes records of that, and ``plan.py`` says what would come of them.  All of it is without I/O but for reading
the one file, and trusts nothing in it.
"""
