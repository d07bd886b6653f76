"""What all tests share: no deadline, so that a busy machine does not fail a test, and no rows of this installation."""

import os
import tempfile
from pathlib import Path

from hypothesis import settings

settings.register_profile("planner", deadline=None)
settings.load_profile("planner")
os.environ["PLANNER_CATALOG"] = str(Path(tempfile.gettempdir()) / "planner-tests-add-no-rows")
os.environ["PLANNER_USAGE"] = str(Path(tempfile.gettempdir()) / "planner-tests-keep-no-imports")
os.environ["PLANNER_MEASUREMENTS"] = str(Path(tempfile.gettempdir()) / "planner-tests-keep-no-measurements")
