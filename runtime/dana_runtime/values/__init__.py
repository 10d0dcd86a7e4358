"""What the values of Dana programs are beyond Python's: structs, interfaces, methods, types, conversions."""
