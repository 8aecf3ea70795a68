"""The neo-wire command."""


def main() -> int:
    """Run the command."""
    return 0
