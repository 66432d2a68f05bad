"""What the bot remembers between messages: its tables and every statement on them."""
