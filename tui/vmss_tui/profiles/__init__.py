"""Deployment profiles: what a team keeps in git beside its scripts. Import from `model`, `store` and `secrets`.

Knows the domain and files; never Azure, a screen or a clock.
"""
