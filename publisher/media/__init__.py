"""Images: check, re-encode, renditions, alt text."""
