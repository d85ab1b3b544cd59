"""Who may see what: tokens in the place of personal data. Tables and their rows are elsewhere."""
