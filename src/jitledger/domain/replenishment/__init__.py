"""Demand, reorder point and quantity: the method, without I/O."""
