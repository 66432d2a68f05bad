"""Commands that ask: queries, advice, the backtest."""
