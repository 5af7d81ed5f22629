"""Carrying out one rollout: observe, decide, act."""
