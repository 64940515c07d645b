"""The pages of the web client, as browsers get them."""
