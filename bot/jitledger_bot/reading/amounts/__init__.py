"""How many: numbers in digits and in words, fractions, dozens."""
