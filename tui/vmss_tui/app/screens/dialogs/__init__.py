"""Screens over a screen: questions, texts, help."""
