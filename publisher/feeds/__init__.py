"""iCalendar subscriptions."""
