"""The outbox: work that never decides a delivery's status."""
