"""The drivers that perform what flows ask for, and what they send with."""
