"""Commands that say what a rollout would do: the forecast and the rehearsal."""
