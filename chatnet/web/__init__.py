"""What HTTP asks, and what it is answered: without sockets, and without anything of this program."""
