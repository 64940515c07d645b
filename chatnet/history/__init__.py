"""What was said: today the recent messages, in memory."""
