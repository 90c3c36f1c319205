"""Seeded storms: posts by the thousand while everything breaks, judged by what the platforms really hold."""
