"""Files of the outside world, read row by row into commands."""
