"""Watching and carrying out rollouts, over ports: knows neither azure nor a screen."""
