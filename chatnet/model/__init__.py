"""The network's state and the facts that change it: users, servers, channels, and who is where."""
