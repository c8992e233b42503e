"""Teams: the Chat port and POST /api/messages on botbuilder. Nobody else imports it."""
