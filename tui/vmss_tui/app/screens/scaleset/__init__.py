"""One scale set."""
