"""Clouds and credentials: who signs in, where, and how."""
