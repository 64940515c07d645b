"""One neighbour: its connection, its link, and the notebooks that lie on that."""
