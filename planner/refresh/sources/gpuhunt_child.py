"""Read catalog files with gpuhunt, in a process of its own: its settings are of the whole process, and so is its log.

`python -m planner.refresh.sources.gpuhunt_child PROVIDER...` with GPUHUNT_CATALOG_DIR set prints JSON lines.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Sequence

FIELDS = ("provider", "instance_name", "location", "price", "gpu_count", "gpu_name", "gpu_memory", "spot")
NO_GPUHUNT = 3
"""Exit code when the package is not installed."""


def main(providers: Sequence[str]) -> int:
    """Print every offer with a GPU of these providers."""
    try:
        from gpuhunt import Catalog
    except ImportError:
        return NO_GPUHUNT
    logging.disable(logging.CRITICAL)
    catalog = Catalog(balance_resources=False, auto_reload=False)
    for item in catalog.query(provider=list(providers), min_gpu_count=1):
        print(json.dumps({name: getattr(item, name) for name in FIELDS}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
