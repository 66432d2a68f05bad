"""Goods that come and go: orders, deliveries as tables and photos, counts."""
