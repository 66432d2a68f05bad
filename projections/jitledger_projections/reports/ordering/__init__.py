"""What to order, and what was: the reorder report, baskets, purchase orders, promises."""
