"""A rollout over several scale sets: starting one from marked sets, and following it."""
