"""Rollouts: the list, the live view, what is asked of one."""
