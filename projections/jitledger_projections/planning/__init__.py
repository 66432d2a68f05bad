"""What will be needed and when: forecasts, lead times, reorder points. It reads views."""
