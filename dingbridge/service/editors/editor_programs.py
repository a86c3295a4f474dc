"""The programs that run for an editor: responders, git and jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dingbridge.edges.programs.responder_program import Answered
from dingbridge.protocol.command_queue import Post
from dingbridge.protocol.frames import Attach
from dingbridge.service.adapters import ProgramRunner, ProjectAccess


class EditorPrograms:
    """Runs them in threads that start with the first program of each kind.

    - `answered` gets the answers of responders, on their thread.
    - `failed` gets errors with files.
    """

    def __init__(
        self,
        attach: Attach,
        post: Post,
        answered: Callable[[Answered], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self.environ: Mapping[str, str] = attach.environ
        """The environment of programs started from now on."""
        self.responders = ProgramRunner(answered, attach.cwd, lambda: self.environ)
        self.project = ProjectAccess(post, failed, lambda: self.environ)

    def stop(self) -> None:
        """Stop all programs."""
        self.responders.stop()
        self.project.stop()
