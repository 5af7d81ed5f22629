"""The app and the record of rollouts in a browser: access, roles, and the pages themselves."""
