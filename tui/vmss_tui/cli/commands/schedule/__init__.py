"""Rollouts that start later: the options, the wait until they are due, and the worker that starts them."""
