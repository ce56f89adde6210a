"""Move the old engine's requests into the portal.

Exit codes: 0 all well; 1 something failed; 2 it could not begin or go on; 3 something needs a
person. A dry run touches nothing and ends with the code that the real run would give.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.legacy.move import main
from scripts.local import clone

if __name__ == "__main__":
    clone.say_what_it_is()
    sys.exit(main())
