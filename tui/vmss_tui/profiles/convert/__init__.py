"""Profiles from and to the formats of others: az, ARM templates, a live scale set."""
