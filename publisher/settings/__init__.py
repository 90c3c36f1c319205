"""The page from which everything that can be set is reached."""
