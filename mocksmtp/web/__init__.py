"""What people read in a browser or a terminal: the report of deliveries."""
