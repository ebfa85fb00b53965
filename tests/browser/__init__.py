"""The page in headless Chromium, against the installed service."""
