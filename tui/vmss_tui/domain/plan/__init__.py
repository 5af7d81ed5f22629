"""What a rollout would do, and why."""
