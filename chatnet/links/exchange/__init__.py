"""What servers tell and ask each other beside what happens: bursts, digests, questions, the past."""
