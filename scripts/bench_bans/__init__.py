"""What bans of the network cost: to judge a newcomer, to find whom a new one hits, to start with them."""
