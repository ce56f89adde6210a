"""Forms: what people typed, checked, with words that say how to put it right."""
