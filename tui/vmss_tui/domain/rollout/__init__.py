"""What happens in a rollout: events, the state they fold to, what is observed and decided."""
