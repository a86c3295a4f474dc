"""The part of `:checkhealth dingbridge` about coding agents.

It is a separate process, as `checkhealth` is, because it starts the agents.
"""

from __future__ import annotations

import os

from dingbridge.edges.agents.agent_findings import agent_findings
from dingbridge.editor.checkhealth import answer, asked


def main() -> None:
    """Answer with the findings about agents."""
    given = asked()
    answer(agent_findings(given["options"], given["cwd"], os.environ))
