"""Pure rules: quantities, events, stock items, replenishment. No I/O."""
