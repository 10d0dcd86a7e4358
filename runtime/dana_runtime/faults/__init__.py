"""What to do when a function fails, and what there is to learn from how it ran: see the modules."""
