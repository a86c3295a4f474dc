"""A service in which a request for approval is open for seconds, not for minutes.

Run as a program, with the words of `dingbridge.service.main`.
"""

from __future__ import annotations

import sys

from dingbridge.core.approvals import pending
from dingbridge.service import main
from dingbridge.service.approvals import approvals

OPEN_SECONDS = 3.0

if __name__ == "__main__":
    for module in (pending, approvals):
        vars(module)["VALID_SECONDS"] = OPEN_SECONDS
    main.main(tuple(sys.argv[1:]))
