"""An agent that does what its script says: JSON lines on standard input and output.

It is a program of its own and imports nothing of ours, so that nothing of ours can hide a mistake:

    scripted_agent.py SCRIPT

SCRIPT is a JSON object, made by `argv`:

- `turns`: for each prompt a list of steps; the last list is for all further prompts
- `initialize`: added to its result; `session`: added to those of `session/new`, `load`, `resume`
- `errors`: JSON-RPC errors by method, instead of results, until `authenticate`
- `silent`: methods that it does not answer
- `replay`: texts that `session/load` plays before its answer
- `heard`: a file to which each message that it gets is appended

A step is a list of its name and its arguments:

    text T, thought T    a chunk of the answer, or of what it thinks
    update U             a session update as it is
    line L               a line as it is
    ask CALL OPTIONS     ask for a permission (`OPTIONS` of `options`), and wait for the answer
    allowed STEPS ELSE   steps for an answer that allows, and for any other
    request METHOD PARAMS   any request; its answer becomes a text
    ask_only CALL OPTIONS   ask without waiting
    withdraw             cancel the request of `ask_only`; the answer becomes a text
    answers COUNT        wait for so many answers; each becomes a text: the request and the option
    write PATH TEXT      write a file
    spawn [LEAVES]       start a program that stays; its process id becomes a text. With LEAVES it
                         leaves the process group
    environ, prompt, folder   a text: its environment, the parts of the prompt, its folder (JSON)
    files                a text: its open files (JSON)
    run WORDS            run a program to its end; then a text
    pid, outcome         a text: its process id; what the last permission became (JSON)
    later T              a text after the end of the turn, and then another mode
    die_later            end when the turn has ended
    pause SECONDS        do nothing
    wait                 wait for `session/cancel`, and end as cancelled
    until_cancelled      wait for `session/cancel`, and go on
    wait_cancelled       end as cancelled, which was heard while it waited for a permission
    ignore               read all that comes, and never end the turn
    deaf                 read nothing any more
    until PATH           go on when there is such a file
    say_error T          write to standard error
    die STATUS           end at once
    fail ERROR           end the turn with a JSON-RPC error
    end REASON           end the turn for another reason than `end_turn`
    big KILOBYTES        a text of that size in one line
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Steps = list[list[Any]]

OPTIONS = [
    {"optionId": "yes", "name": "Allow", "kind": "allow_once"},
    {"optionId": "always", "name": "Always allow", "kind": "allow_always"},
    {"optionId": "no", "name": "Reject", "kind": "reject_once"},
]


def argv(*turns: Sequence[Any], **script: Any) -> tuple[str, ...]:
    """The command of an agent with these turns."""
    return (sys.executable, __file__, json.dumps({"turns": turns, **script}))


class Ended(Exception):
    """The turn is over: with a reason, or an error."""


class ScriptedAgent:
    """See the module."""

    def __init__(self, script: dict[str, Any]) -> None:
        self.script = script
        self.turn = 0
        self.asked = 1000
        self.answer: dict[str, Any] = {}
        self.session = "scripted-1"
        self.afterwards: Callable[[], None] | None = None

    def run(self) -> None:
        """Answer requests until the input ends."""
        while message := self.read():
            self.serve(message)

    def read(self) -> dict[str, Any]:
        line = sys.stdin.readline()
        if not line:
            sys.exit(0)
        if heard := self.script.get("heard"):
            with open(heard, "a", encoding="utf-8") as file:
                file.write(line)
        return dict(json.loads(line))

    def write(self, message: dict[str, Any]) -> None:
        self.write_line(json.dumps({"jsonrpc": "2.0", **message}))

    def write_line(self, line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    def update(self, update: dict[str, Any]) -> None:
        params = {"sessionId": self.session, "update": update}
        self.write({"method": "session/update", "params": params})

    def text(self, text: str, kind: str = "agent_message_chunk") -> None:
        self.update({"sessionUpdate": kind, "content": {"type": "text", "text": text}})

    def serve(self, message: dict[str, Any]) -> None:
        method, params = message.get("method"), message.get("params", {})
        if method is None or "id" not in message or method in self.script.get("silent", ()):
            return
        if method == "authenticate":
            self.script.pop("errors", None)
        if error := self.script.get("errors", {}).get(method):
            self.write({"id": message["id"], "error": error})
            return
        try:
            result = self.result(method, params)
        except Ended as end:
            result = end.args[0]
            if "code" in result:
                self.write({"id": message["id"], "error": result})
                return
        self.write({"id": message["id"], "result": result})
        if self.afterwards:
            self.afterwards()
            self.afterwards = None

    def result(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        extra = self.script.get("session", {})
        if method == "initialize":
            info = {"name": "scripted", "title": "Scripted Agent", "version": "1.2.3"}
            return {"protocolVersion": 1, "agentInfo": info, **self.script.get("initialize", {})}
        if method == "session/new":
            return {"sessionId": self.session, **extra}
        if method in ("session/load", "session/resume"):
            self.session = params["sessionId"]
            if method == "session/load":
                for text in self.script.get("replay", ()):
                    self.text(text)
            return dict(extra)
        if method == "session/prompt":
            turns = self.script["turns"] or [[]]
            steps = turns[min(self.turn, len(turns) - 1)]
            self.turn += 1
            self.perform(steps, params)
            return {"stopReason": "end_turn"}
        if method == "session/list":
            return {"sessions": self.script.get("sessions", [])}
        if method == "session/set_config_option":
            options = extra.get("configOptions", [])
            for option in options:
                if option["id"] == params["configId"]:
                    option["currentValue"] = params["value"]
            return {"configOptions": options}
        return {}

    def perform(self, steps: Steps, prompt: dict[str, Any]) -> None:
        for name, *arguments in steps:
            if name == "prompt":
                self.text(json.dumps(prompt["prompt"]))
            elif name == "allowed":
                outcome = self.answer.get("result", {}).get("outcome", {})
                allows = outcome.get("optionId") in ("yes", "always")
                self.perform(arguments[0] if allows else arguments[1], prompt)
            else:
                getattr(self, f"step_{name}")(*arguments)

    # --- steps ------------------------------------------------------------------------------------

    def step_text(self, text: str) -> None:
        self.text(text)

    def step_thought(self, text: str) -> None:
        self.text(text, "agent_thought_chunk")

    def step_update(self, update: dict[str, Any]) -> None:
        self.update(update)

    def step_line(self, line: str) -> None:
        self.write_line(line)

    def step_ask(self, call: dict[str, Any], options: list[Any] | None = None) -> None:
        self.step_ask_only(call, options)
        self.wait_for_answer()

    def step_ask_only(self, call: dict[str, Any], options: list[Any] | None = None) -> None:
        chosen = OPTIONS if options is None else options
        params = {"sessionId": self.session, "toolCall": call, "options": chosen}
        self.request("session/request_permission", params)

    def step_answers(self, count: int) -> None:
        while count:
            message = self.read()
            if "method" not in message and message.get("id", 0) > 1000:
                chosen = message["result"]["outcome"].get("optionId", "none")
                self.text(f"{message['id']}:{chosen} ")
                count -= 1

    def step_request(self, method: str, params: dict[str, Any]) -> None:
        self.request(method, params)
        self.wait_for_answer()
        self.text(json.dumps(self.answer))

    def step_withdraw(self) -> None:
        self.write({"method": "$/cancel_request", "params": {"requestId": self.asked}})
        self.wait_for_answer()
        self.text(json.dumps(self.answer))

    def request(self, method: str, params: dict[str, Any]) -> None:
        self.asked += 1
        self.write({"id": self.asked, "method": method, "params": params})

    def wait_for_answer(self) -> None:
        while (message := self.read()).get("id") != self.asked or "method" in message:
            self.serve(message)
        self.answer = message

    def step_write(self, path: str, text: str) -> None:
        Path(path).write_text(text, "utf-8")

    def step_spawn(self, leaves: bool = False) -> None:
        words = [sys.executable, "-c", "import time; time.sleep(600)"]
        child = os.posix_spawn(sys.executable, words, os.environ, setsid=leaves)
        self.text(str(child))

    def step_environ(self) -> None:
        self.text(json.dumps(dict(os.environ)))

    def step_folder(self) -> None:
        self.text(json.dumps(os.getcwd()))

    def step_wait(self) -> None:
        self.step_until_cancelled()
        raise Ended({"stopReason": "cancelled"})

    def step_until_cancelled(self) -> None:
        while self.read().get("method") != "session/cancel":
            pass

    def step_wait_cancelled(self) -> None:
        raise Ended({"stopReason": "cancelled"})

    def step_pid(self) -> None:
        self.text(str(os.getpid()))

    def step_files(self) -> None:
        self.text(json.dumps(open_files()))

    def step_run(self, words: list[str]) -> None:
        child = os.posix_spawn(words[0], words, os.environ)
        os.waitpid(child, 0)
        self.text("done")

    def step_outcome(self) -> None:
        if not self.answer:
            self.wait_for_answer()
        self.text(json.dumps(self.answer["result"]["outcome"]))

    def step_later(self, text: str) -> None:
        def later() -> None:
            self.text(text)
            self.update({"sessionUpdate": "current_mode_update", "currentModeId": "tired"})

        self.afterwards = later

    def step_die_later(self) -> None:
        self.afterwards = lambda: os._exit(1)

    def step_pause(self, seconds: float) -> None:
        time.sleep(seconds)

    def step_ignore(self) -> None:
        while True:
            self.read()

    def step_deaf(self) -> None:
        while True:
            time.sleep(600)

    def step_until(self, path: str) -> None:
        while not os.path.exists(path):
            time.sleep(0.01)

    def step_say_error(self, text: str) -> None:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()

    def step_die(self, status: int) -> None:
        os._exit(status)

    def step_fail(self, error: dict[str, Any]) -> None:
        raise Ended(error)

    def step_end(self, reason: str) -> None:
        raise Ended({"stopReason": reason})

    def step_big(self, kilobytes: int) -> None:
        self.text("x" * (kilobytes * 1024))


def open_files() -> list[int]:
    """The numbers of the open files."""
    return sorted(int(name) for name in os.listdir("/proc/self/fd") if is_open(int(name)))


def is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False  # the one that listed them
    return True


if __name__ == "__main__":
    ScriptedAgent(json.loads(sys.argv[1])).run()
