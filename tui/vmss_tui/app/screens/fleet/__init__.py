"""Every scale set."""
