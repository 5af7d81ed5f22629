"""Entra ID and managed identity on loopback: tokens, grants and the routes that clients sign in through."""
