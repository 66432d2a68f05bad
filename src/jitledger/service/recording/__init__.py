"""One append: commands that wait, decided, recorded, watched, under one lock."""
