"""The load generator behind `scripts/bench`: standard library only, one process, one epoll loop."""
