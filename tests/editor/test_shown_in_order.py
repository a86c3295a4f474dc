"""An editor shows a session as its transcript, in its order, after any process was killed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.conftest import StartEditor
from tests.editor.test_sessions import current, new
from tests.support import services
from tests.support.disk import Refusals
from tests.support.editor import Editor
from tests.support.processes import frozen
from tests.support.several_editors import send, texts

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="lets the disk refuse a file")

OTHER_SETTINGS = {"table": "code"}
WATCH = """
local session = ...
_G.drawn, _G.lowest = 0, math.huge
vim.api.nvim_buf_attach(require('dingbridge.buffers').get(session, 'transcript'), false, {
  on_lines = function(_, _, _, first)
    _G.drawn, _G.lowest = _G.drawn + 1, math.min(_G.lowest, first)
  end,
})
"""
READ = """
local session = ...
vim.cmd('stopinsert')
vim.api.nvim_buf_set_lines(0, 0, -1, false, { 'a draft' })
local buffer = require('dingbridge.buffers').get(session, 'transcript')
vim.api.nvim_set_current_win(vim.fn.win_findbuf(buffer)[1])
vim.api.nvim_win_set_cursor(0, { 2, 2 })
_G.begins = vim.fn.search('^second$', 'nw') - 2 -- the row of its heading
return vim.fn.winsaveview()
"""
PLACE = """
local window = vim.fn.win_findbuf(require('dingbridge.buffers').get((...), 'transcript'))[1]
return vim.api.nvim_win_call(window, vim.fn.winsaveview)
"""


class Two:
    """Two editors that show the same session, which is bound nowhere."""

    def __init__(self, start_editor: StartEditor, aside: Path) -> None:
        self.disk = Refusals(aside)
        self.alpha, self.beta = start_editor(), start_editor()
        self.alpha.setup({})
        self.session = new(self.alpha, "shared")
        self.beta.setup({})
        self.beta.chat(f"open {self.session}")
        self.beta.until(lambda: current(self.beta) == self.session)

    @property
    def path(self) -> Path:
        """The session's transcript."""
        return self.alpha.data / "dingbridge" / "sessions" / f"{self.session}.jsonl"

    def written(self, *wanted: str) -> bool:
        """Whether these texts stand on the disk in this order, whichever stand between them."""
        rest = self.path.read_text("utf-8")
        for text in wanted:
            _, found, rest = rest.partition(f'"text":"{text}"')
            if not found:
                return False
        return True

    def until_shown(self, editor: Editor, *wanted: str) -> None:
        """Wait until an editor shows these texts and no others, in its tables and on the screen."""

        def looks_right() -> bool:
            lines = editor.chat_lines(self.session)
            headings = editor.headings(self.session)
            first_words = [line for line in lines if line and line not in headings]
            return texts(editor, self.session) == [*wanted] and first_words == [*wanted]

        editor.until(looks_right, f"{wanted}")

    def say(self, editor: Editor, text: str) -> None:
        """Send from an editor, and wait until it shows that."""
        send(editor, text)
        editor.until(lambda: text in texts(editor, self.session))

    def heeds(self, editor: Editor) -> None:
        """Wait until all that an editor asked for has been carried out."""
        editor.begin_anew()
        editor.chat("nothing of the kind")
        editor.until_said("unknown subcommand nothing")


@pytest.fixture
def two(start_editor: StartEditor, tmp_path: Path) -> Two:
    """Two editors with a message that both show."""
    two = Two(start_editor, tmp_path / "refused")
    two.say(two.alpha, "first")
    for editor in (two.alpha, two.beta):
        two.until_shown(editor, "first")
    return two


def test_a_message_that_was_written_down_without_its_host_hearing_of_it_keeps_its_place(
    two: Two,
) -> None:
    alpha, beta = two.alpha, two.beta
    two.disk.begin(two.path)
    two.say(alpha, "second")
    with frozen(alpha.host_pid()):
        two.disk.end()
        beta.until(lambda: two.written("first", "second"))
        two.say(beta, "third")
        beta.until(lambda: two.written("second", "third"))
        alpha.kill_host()
    alpha.until_said("the host ended")
    two.until_shown(beta, "first", "second", "third")
    beta.lua(WATCH, two.session)
    alpha.chat()
    two.until_shown(alpha, "first", "second", "third")
    two.say(beta, "fourth")
    for editor in (alpha, beta):
        two.until_shown(editor, "first", "second", "third", "fourth")
    # What was right is not shown anew.
    assert beta.lua("return _G.drawn") == 1


def test_a_message_that_is_handed_over_again_after_those_of_others_moves_below_them_and_no_more(
    two: Two,
) -> None:
    alpha, beta = two.alpha, two.beta
    two.disk.begin(two.path)
    two.say(alpha, "second")
    # What waits for settings is handed over later than the rest.
    alpha.setup(OTHER_SETTINGS)
    two.heeds(alpha)
    with frozen(alpha.host_pid()):
        services.kill(alpha.data)
        two.disk.end()
        two.until_shown(beta, "first")
        two.heeds(beta)
        place = alpha.lua(READ, two.session)
        alpha.lua(WATCH, two.session)
        two.disk.begin(two.path)
        two.say(beta, "third")
    alpha.until_said("until setup() is called with those again")
    # Its transcript is read behind the third message.
    two.heeds(alpha)
    two.say(beta, "fourth")
    two.until_shown(alpha, "first", "second", "fourth")
    alpha.setup({})
    two.until_shown(beta, "first", "third", "fourth", "second")
    two.disk.end()
    for editor in (alpha, beta):
        two.until_shown(editor, "first", "third", "fourth", "second")
    alpha.until(lambda: two.written("first", "third", "fourth", "second"))
    assert alpha.lua(PLACE, two.session) == place
    assert alpha.chat_lines(two.session, "draft") == ["a draft"]
    assert alpha.lua("return _G.lowest") == alpha.lua("return _G.begins")


def test_what_is_right_is_not_shown_anew_when_there_is_another_service(two: Two) -> None:
    for editor in (two.alpha, two.beta):
        editor.lua(WATCH, two.session)
    services.kill(two.alpha.data)
    two.say(two.alpha, "second")
    for editor in (two.alpha, two.beta):
        two.until_shown(editor, "first", "second")
        two.heeds(editor)
        assert editor.lua("return _G.drawn") == 1


def test_a_session_that_is_open_beside_the_current_one_goes_on_when_the_host_was_killed(
    two: Two,
) -> None:
    alpha, beta = two.alpha, two.beta
    new(alpha, "another")
    alpha.kill_host()
    alpha.until_said("the host ended")
    two.say(beta, "second")
    alpha.chat()
    two.until_shown(alpha, "first", "second")
    two.say(beta, "third")
    two.until_shown(alpha, "first", "second", "third")


ORDERS = """
local push, store, seed = require('dingbridge.updates'), require('dingbridge.state'), ...
math.randomseed(seed)
local function message(name)
  return { id = name, role = 'editor', author = 'You', text = name, time = 1, delivery = '',
    reason = '', target = '', target_name = '', robot = '' }
end
local function shuffled(names)
  for last = #names, 2, -1 do
    local other = math.random(last)
    names[last], names[other] = names[other], names[last]
  end
  return names
end
local function some(names)
  return vim.tbl_filter(function() return math.random() < 0.7 end, names)
end
local function shown(session)
  local names = vim.tbl_map(function(one) return one.id end, store.messages(session))
  local buffer = require('dingbridge.buffers').get(session, 'transcript')
  local drawn = vim.tbl_filter(function(line)
    return line ~= '' and not line:find(' · %d%d:%d%d$')
  end, vim.api.nvim_buf_get_lines(buffer, 0, -1, false))
  return table.concat(names, ' '), table.concat(drawn, ' ')
end
local all, wrong = { 'a', 'b', 'c', 'd', 'e', 'f', 'g' }, {}
for number = 1, 200 do
  local session = 'order' .. number
  local here = some(all)
  if math.random() < 0.5 then shuffled(here) end
  local disk, since = some(all), {}
  -- What was told since is there in any case.
  for _, name in ipairs(here) do
    if not vim.list_contains(disk, name) and math.random() < 0.5 then since[#since + 1] = name end
  end
  shuffled(since)
  require('dingbridge.chat_window').open(session)
  local function told(kind, names)
    push.apply({ { kind = kind, id = session, list = vim.tbl_map(message, names), since = since,
      reset = false, more = false } })
  end
  local cut = math.random(0, #here)
  told('earlier', vim.list_slice(here, 1, cut))
  told('messages', vim.list_slice(here, cut + 1))
  told('ending', disk)
  local wanted = table.concat(vim.list_extend(vim.deepcopy(disk), since), ' ')
  vim.wait(10000, function() return select(2, shown(session)) == wanted end, 1)
  local names, drawn = shown(session)
  if names ~= wanted or drawn ~= wanted then
    wrong[#wrong + 1] = { here = here, names = names, drawn = drawn, wanted = wanted }
  end
  require('dingbridge.chat_window').close(session)
  store.forget(session)
end
return wrong
"""


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_shown_becomes_what_stands_on_the_disk_and_then_what_came_since(
    editor: Editor, seed: int
) -> None:
    assert list(editor.lua(ORDERS, seed)) == []


REWRITTEN = """
local function message(text)
  return { id = 'm', role = 'editor', author = 'You', text = text, time = 0, delivery = '',
    reason = '', target = '', target_name = '' }
end
local function told(kind, text)
  require('dingbridge.updates').apply({ { kind = kind, id = 's', list = { message(text) },
    since = {}, reset = false, more = false } })
end
require('dingbridge.chat_window').open('s')
told('messages', 'as it was handed over again')
told('ending', 'as it is on disk')
return require('dingbridge').transcript('s')[1].text
"""


def test_a_message_is_shown_with_the_text_that_stands_on_the_disk(editor: Editor) -> None:
    assert editor.lua(REWRITTEN) == "as it is on disk"
    editor.until(lambda: "as it is on disk" in editor.chat_lines("s"))
    assert "as it was handed over again" not in editor.chat_lines("s")
