"""When each thing of a channel changed last."""
