"""Deliveries and attempts: schedule, dispatch, deliver, reconcile, sweep."""
