globals().update({"with": "a keyword", "class": "real name"})
