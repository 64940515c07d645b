"""Who among the local clients hears of a fact, and in which words."""
