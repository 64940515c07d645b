"""Who is where: the neighbours, the ways to all others, and who still tells of all."""
