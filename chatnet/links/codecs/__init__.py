"""Dialects of TS6: facts in the words of one kind of neighbour.  The rules never see a wire layout."""
