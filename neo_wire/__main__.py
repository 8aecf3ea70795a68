"""Lets `python -m neo_wire` be the neo-wire command."""

import sys

from neo_wire.cli import main

sys.exit(main())
