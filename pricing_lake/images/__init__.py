"""Pictures of sold things: fetched safely, checked by content, kept once per content."""
