"""The kits for other languages: their own tests, and what is generated in them."""
