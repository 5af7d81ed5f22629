"""The record of a rollout for a change ticket, as Markdown, HTML and JSON. Pure; above presentation and journal."""
