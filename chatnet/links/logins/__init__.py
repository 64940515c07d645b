"""Who looks at passwords elsewhere, and who is logged in."""
