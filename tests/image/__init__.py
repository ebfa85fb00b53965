"""The image: built, taken apart and run without a daemon."""
