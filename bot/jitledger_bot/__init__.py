"""The Telegram bot: reading messages, answering, alerting."""
