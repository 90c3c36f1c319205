"""Connected channel accounts: credentials, health, limits, pauses."""
