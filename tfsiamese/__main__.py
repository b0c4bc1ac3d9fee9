"""`python -m tfsiamese`."""

import sys

from tfsiamese.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
