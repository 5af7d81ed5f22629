"""Watching Azure: one scale set, or all of them, at a pace that the quota permits."""
