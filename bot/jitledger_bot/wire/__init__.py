"""To and from Telegram: the inbox, the outbox, polling and the webhook."""
