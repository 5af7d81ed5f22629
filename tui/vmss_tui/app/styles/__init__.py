"""How the app looks: style sheets by screen, themes, and the themes of users."""
