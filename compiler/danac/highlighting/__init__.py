"""Text → coloured text: a Pygments lexer for Dana, and what the commands print on a terminal."""
