"""Compare the old engine with what came of it here, by other code than the mover's.

Exit codes: 0 no difference; 1 differences, shown as a table; 2 the databases cannot be read.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.legacy.verifying import main
from scripts.local import clone

if __name__ == "__main__":
    clone.say_what_it_is()
    sys.exit(main())
