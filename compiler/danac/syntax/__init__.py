"""Program text → tokens → lark tree → Dana nodes."""
