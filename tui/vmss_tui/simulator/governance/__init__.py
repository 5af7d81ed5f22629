"""Who may do what, and what forbids it all the same: roles, locks, deny assignments, policies, activity log."""
