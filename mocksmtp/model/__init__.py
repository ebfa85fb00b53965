"""What the field is made of: values, with no I/O, no clock and no framework."""
