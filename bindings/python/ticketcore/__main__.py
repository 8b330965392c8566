"""The command: python -m ticketcore."""

import sys

from ticketcore._command import main

if __name__ == "__main__":
    sys.exit(main())
