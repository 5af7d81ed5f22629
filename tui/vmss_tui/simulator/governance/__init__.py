"""Who may do what, and what stands in the way all the same: roles, locks, deny assignments, policies, activity log."""
