"""Deployment profiles in words: drift, lists."""
