"""Rollouts, of one set and over several, that start later: when, what was agreed to, and what has changed by then."""
