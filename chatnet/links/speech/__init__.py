"""What a neighbour says, line by line: who says it, and which handler it is for."""
