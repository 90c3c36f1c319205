"""Notices in the app and by mail."""
