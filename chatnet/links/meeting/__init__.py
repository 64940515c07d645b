"""How servers come to know each other, and how they part from others for that."""
