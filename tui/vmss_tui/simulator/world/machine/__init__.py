"""What happens to one instance: power, extensions and their scripts, health, being created and deleted."""
