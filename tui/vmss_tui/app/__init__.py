"""The Textual front end: screens, widgets, actions. It knows the engine through `session`, never the gateway."""
