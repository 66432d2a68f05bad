"""jitledger: an event-sourced stock ledger with a chat front end."""

__version__ = "0.1.0"
