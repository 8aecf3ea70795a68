"""Retries, as pure rules: which errors, after how long, how many; and the clock skew that responses tell."""
