"""What Neo's users do with calls: page through jobs, wait for them, create them once, compile many, fetch results."""
