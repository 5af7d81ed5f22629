"""Commands that plan, start, follow and steer rollouts."""
