"""The drill of the cutover: there and back again, with people deciding in between."""
