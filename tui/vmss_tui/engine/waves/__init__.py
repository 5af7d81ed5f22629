"""A rollout over several scale sets: the plan of each set, and the coordinator that starts them."""
