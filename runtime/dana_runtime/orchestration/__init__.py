"""How a value meets the signature of the stage that it flows into."""
