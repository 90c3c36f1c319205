"""Addresses of live posts, and the links between the posts of a story."""
