"""A local X and Facebook: strict where the real ones are, with a ledger of what was really posted."""
