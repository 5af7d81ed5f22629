"""Scenarios: what a simulated world starts with, read from TOML."""
