"""Deployment profiles."""
