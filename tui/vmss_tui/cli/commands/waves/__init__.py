"""What the commands do for a rollout over several scale sets: plan, start, follow, follow up."""
