"""The app and the record of rollouts in a browser: who may look, who may act, and the pages themselves."""
