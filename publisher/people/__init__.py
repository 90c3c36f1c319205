"""Users, roles, sign-in, invitations, API tokens and the audit trail."""
