"""The people around a rollout: who watches it, and who may do what."""
