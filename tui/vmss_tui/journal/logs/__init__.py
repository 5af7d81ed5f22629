"""Logs of the journal beside those of rollouts."""
