"""What happens in a rollout over several scale sets: events, their fold, and what to do next. Pure."""
