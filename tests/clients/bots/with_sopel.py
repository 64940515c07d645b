"""The bot sopel: arguments as for its own script, which refuses to work for root, as in a container."""

import sys

from sopel.cli import run

if __name__ == "__main__":
    run.check_not_root = lambda: None
    sys.exit(run.main())
