"""What follows from events: an item, an order, a supplier, a shop."""
