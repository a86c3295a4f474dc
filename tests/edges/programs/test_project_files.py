"""The files of a project folder are shown to people on DingTalk, and no other file is."""

from __future__ import annotations

import os
import socket
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from dingbridge.core.catalogue import remote as say
from dingbridge.core.commands.editor_replies import Lines
from dingbridge.core.errors import BridgeError
from dingbridge.edges.programs import project_files

pytestmark = pytest.mark.environment

on_posix = pytest.mark.skipif(sys.platform == "win32", reason="made of what Windows lacks")

SECRET = "the secret"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project folder, with a secret beside it."""
    inside = tmp_path / "project"
    (inside / "src").mkdir(parents=True)
    (inside / "src" / "a.py").write_text("".join(f"line {n}\n" for n in range(1, 101)), "utf-8")
    (inside / "文件 一.md").write_text("第一行\n第二行", "utf-8")
    (tmp_path / "secret.py").write_text(SECRET, "utf-8")
    (tmp_path / "project-secret").mkdir()
    (tmp_path / "project-secret" / "x.py").write_text(SECRET, "utf-8")
    return inside


def refusal(folder: Path | str, path: str) -> str:
    """Why a path is refused, which must be so for everything that takes one."""
    with pytest.raises(BridgeError) as of_file:
        project_files.inside(str(folder), path)
    with pytest.raises(BridgeError) as of_lines:
        project_files.read_lines(str(folder), path, 1, 10)
    assert str(of_file.value) == str(of_lines.value)
    return str(of_file.value)


# --- inside ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["src/a.py", "./src/a.py", "src//a.py", "src/./a.py", "文件 一.md"]
)
def test_a_file_below_the_folder_is_found(folder: Path, path: str) -> None:
    assert project_files.inside(str(folder), path) == folder.resolve() / path
    assert project_files.read_lines(str(folder), path, 1, 1).first == 1


def test_an_absolute_path_is_fine_if_it_leads_inside(folder: Path, tmp_path: Path) -> None:
    file = folder / "src" / "a.py"
    assert project_files.inside(str(folder), str(file)) == file.resolve()
    assert refusal(folder, str(tmp_path / "secret.py")) == say.OUTSIDE()


@on_posix
def test_a_link_is_followed_as_long_as_it_stays_inside(folder: Path, tmp_path: Path) -> None:
    (folder / "link.py").symlink_to(folder / "src" / "a.py")
    (tmp_path / "alias").symlink_to(folder)
    found = folder.resolve() / "src" / "a.py"
    assert project_files.inside(str(folder), "link.py") == found
    assert project_files.inside(str(tmp_path / "alias"), "src/a.py") == found
    assert project_files.inside(str(folder), str(tmp_path / "alias" / "src" / "a.py")) == found


CLIMBING = [
    "..",
    "../secret.py",
    "src/../../secret.py",
    "src/../../project/src/a.py",
    "src/../src/a.py",
    "./../secret.py",
    "..\\secret.py",
    "src\\..\\..\\secret.py",
    "src/..\\../secret.py",
    "../project-secret/x.py",
    ".. /secret.py",
    " ../secret.py",
    "../ secret.py",
    ".../secret.py",
    "..../secret.py",
    ".. ./secret.py",
    "．．/secret.py",
    "．．／secret.py",
    "․․/secret.py",
    "‥/secret.py",
    ".\u200b./secret.py",
    "\u202e../secret.py",
]
ELSEWHERE = [
    "~",
    "~/secret.py",
    "~root/.bashrc",
    "～/secret.py",
    "C:\\Windows\\win.ini",
    "c:/secret.py",
    "C:secret.py",
    "Ｃ:\\secret.py",
    "\\\\server\\share\\x",
    "//server/share/x",
    "\\\\?\\C:\\secret.py",
    "\\\\.\\PhysicalDrive0",
    "/\\server\\share",
    "file:///etc/hostname",
    "FILE:///etc/hostname",
    "file:/etc/hostname",
    "file:secret.py",
    "ssh://host/etc/hostname",
    "fugitive:///x",
]
ABSOLUTE = ["/etc/hostname", "/proc/self/status", "/dev/null", "/", "/dev/stdin"]


@pytest.mark.parametrize("path", CLIMBING + ELSEWHERE + ABSOLUTE)
def test_a_path_that_leads_elsewhere_is_refused_as_outside(folder: Path, path: str) -> None:
    assert refusal(folder, path) == say.OUTSIDE()


@pytest.mark.parametrize(
    "path",
    ["", " ", "a\0b", "src/a.py\0.txt", "\0", "a\nb", "a\x1bb", "x" * 1001],
)
def test_what_is_no_path_is_refused(folder: Path, path: str) -> None:
    assert "not a path" in refusal(folder, path)


@pytest.mark.parametrize(
    "path", ["missing.py", "src/a.py ", "src/a.py/", "src/a.py/x", "SRC /a.py", "$HOME", "%PATH%"]
)
@on_posix
def test_what_does_not_exist_is_said_not_to(folder: Path, path: str) -> None:
    if path == "src/a.py/":
        # A slash at the end changes nothing.
        assert project_files.inside(str(folder), path) == folder.resolve() / "src" / "a.py"
        return
    assert "no such file" in refusal(folder, path)


@on_posix
def test_a_link_that_leads_outside_is_refused_whether_or_not_something_is_there(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "file.py").symlink_to(tmp_path / "secret.py")
    (folder / "folder").symlink_to(tmp_path)
    (folder / "up").symlink_to("..")
    (folder / "root").symlink_to("/")
    (folder / "chain").symlink_to("folder")
    (folder / "beside").symlink_to(tmp_path / "project-secret")
    (folder / "dangling").symlink_to(tmp_path / "missing")
    for path in (
        *("file.py", "folder/secret.py", "up/secret.py", "chain/secret.py", "beside/x.py"),
        *("root/etc/hostname", "root/etc/no-such-file", "folder/no-such-file", "dangling"),
        *("root/proc/self/environ", "root/dev/null"),
    ):
        assert refusal(folder, path) == say.OUTSIDE(), path


@on_posix
def test_links_in_a_circle_are_no_file(folder: Path) -> None:
    (folder / "one").symlink_to("two")
    (folder / "two").symlink_to("one")
    assert refusal(folder, "one")
    assert refusal(folder, "one/x")


@on_posix
def test_folders_pipes_sockets_and_devices_are_no_files(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(folder / "pipe")
    monkeypatch.chdir(folder)  # a socket's name may not be long
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        for path in (".", "src", "pipe", "socket"):
            assert "not a regular file" in refusal(folder, path), path
    assert "not a regular file" in refusal("/dev", "null")


@on_posix
def test_a_file_without_the_right_to_read_it_is_said_to_be_unreadable(folder: Path) -> None:
    (folder / "src" / "a.py").chmod(0)
    if os.access(folder / "src" / "a.py", os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(BridgeError, match="cannot be read"):
        project_files.read_lines(str(folder), "src/a.py", 1, 1)


@pytest.mark.parametrize("cwd", ["", os.path.abspath(os.sep), "no such folder", "a\0b", __file__])
def test_without_a_folder_or_with_a_whole_disk_nothing_is_shown(cwd: str) -> None:
    assert "no project folder" in refusal(cwd, "etc/hostname")


def test_what_is_hidden_in_a_home_folder_is_not_shown(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".config").mkdir()
    (folder / ".config" / "hosts.txt").write_text(SECRET, "utf-8")
    assert project_files.inside(str(folder), ".config/hosts.txt")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    assert refusal(folder, ".config/hosts.txt") == say.HIDDEN()
    assert project_files.inside(str(folder), "src/a.py")


@given(st.text(alphabet="./\\~:aA．․‥／\u200b \0cC$-", max_size=30))
def test_no_spelling_gets_out(tmp_path_factory: pytest.TempPathFactory, path: str) -> None:
    base = tmp_path_factory.getbasetemp() / "spelling"
    folder = base / "a"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "A").write_text("inside", "utf-8")
    (base / "A").write_text(SECRET, "utf-8")
    try:
        found = project_files.inside(str(folder), path)
    except BridgeError:
        return
    assert found == folder.resolve() / "A" or found.parent.name.casefold() == "a"
    assert found.is_relative_to(folder.resolve())


# --- secrets --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        *(".env", ".env.local", "prod.env", ".ENV", "．env", ".e\u200bnv", "config/.env", ".env."),
        *("id_rsa", "id_ed25519.pub", "keys/ID_RSA", "server.pem", "tls/private.key", "x.p12"),
        *(".git/config", ".GIT/config", ".g\u200cit/HEAD", "sub/.git/config", ".ssh/config"),
        *(
            ".aws/credentials",
            "credentials.json",
            "secrets.yaml",
            "secrets.yml",
            ".netrc",
            ".npmrc",
        ),
        *(".git-credentials", "terraform.tfstate", "service-account-prod.json", ".bash_history"),
        *(".env~", ".env-prod", ".env_prod", ".env.bak", ".envs/.production", "config.env.bak"),
        *(".pypirc.bak", "key.pem.old", "secrets.json.bak", "key.pem.bak.1", "id_rsa.orig"),
        *(".secrets.json.swp", ".#credentials.json", "#.env#", "server.key.2024", "x.p12.save"),
        *("my-secrets.yaml", "app.secret.json", "secrets-prod.yml", "db_credentials.ini"),
        *("auth.json", "kubeconfig", "kubeconfig.yaml", "prod.kubeconfig", ".config/gh/hosts.yml"),
        *(
            "application_default_credentials.json",
            "passwords.txt",
            "password.txt",
            "db-passwords.csv",
        ),
        *("api_key.txt", "apikey.txt", "api-keys.json", "access_token.txt", "private_key.txt"),
        *(".cargo/credentials.toml", ".m2/settings.xml", ".config/gcloud/x.db", ".config/rclone/a"),
        *(
            ".rclone.conf",
            "rclone.conf",
            ".terraformrc",
            ".docker/config.json",
            "sealed-secret.key~",
        ),
        *("secring.pgp", "ssh_host_rsa_key", "known.ovpn", ".htpasswd.old"),
    ],
)
def test_files_named_like_a_secret_are_not_shown_whether_or_not_they_exist(
    folder: Path, path: str
) -> None:
    assert refusal(folder, path) == say.HIDDEN()
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(SECRET, "utf-8")
    assert refusal(folder, path) == say.HIDDEN()


@pytest.mark.parametrize(
    "path",
    [
        *("environment.py", "secrets.py", "token.py", "credentials.go", "keys.md", "git/config"),
        *("env", "monkey.py", ".github/workflows/ci.yml", ".gitignore", "a.key.md", "tokens.py"),
        *(
            "secretary.txt",
            "secret-santa.md",
            "password_reset.html",
            "auth.py",
            "passwords/views.py",
        ),
        *("notes.bak", "api_key.py", "tokens.json", "hosts.yml", "author.json", ".editorconfig~"),
    ],
)
def test_ordinary_files_with_similar_names_are_shown(folder: Path, path: str) -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("fine", "utf-8")
    assert project_files.read_lines(str(folder), path, 1, 1).text == "fine"


@on_posix
def test_a_link_inside_does_not_give_a_secret_another_name(folder: Path) -> None:
    (folder / ".env").write_text(SECRET, "utf-8")
    (folder / "notes.txt").symlink_to(".env")
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text(SECRET, "utf-8")
    (folder / "store").symlink_to(".git")
    assert refusal(folder, "notes.txt") == say.HIDDEN()
    assert refusal(folder, "store/config") == say.HIDDEN()


# --- lines ----------------------------------------------------------------------------------------


def lines_of(folder: Path, path: str, first: int, last: int) -> Lines:
    return structs.replace(project_files.read_lines(str(folder), path, first, last), before="")


def test_lines_are_read_from_one_to_the_other(folder: Path) -> None:
    read = lines_of(folder, "src/a.py", 10, 12)
    assert read == Lines("src/a.py", 10, 12, "line 10\nline 11\nline 12", more=True)
    assert lines_of(folder, "src/a.py", 100, 140) == Lines("src/a.py", 100, 100, "line 100")
    assert lines_of(folder, "src/a.py", 99, 100).more is False
    assert lines_of(folder, "文件 一.md", 2, 2) == Lines("文件 一.md", 2, 2, "第二行")


@given(st.lists(st.text("ab", max_size=3), max_size=12), st.booleans(), st.data())
def test_any_lines_are_those_of_the_file(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], ended: bool, data: st.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp() / "lines"
    folder.mkdir(exist_ok=True)
    text = "\n".join(lines) + ("\n" if ended else "")
    (folder / "x").write_text(text, "utf-8", newline="")
    known = text.removesuffix("\n").split("\n") if text else []
    first = data.draw(st.integers(1, 14))
    last = data.draw(st.integers(first, 16))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(project_files, "_BLOCK", data.draw(st.integers(1, 9)))
        if first > len(known):
            with pytest.raises(BridgeError, match=f"has {len(known)} lines"):
                project_files.read_lines(str(folder), "x", first, last)
            return
        read = project_files.read_lines(str(folder), "x", first, last)
    assert read.text.split("\n") == known[first - 1 : last]
    assert (read.first, read.last) == (first, min(last, len(known)))
    assert (read.more, read.cut) == (last < len(known), False)


def test_no_more_lines_and_bytes_are_read_than_agreed(folder: Path) -> None:
    read = project_files.read_lines(str(folder), "src/a.py", 1, 100, most_lines=5)
    assert (read.last, read.more) == (5, True)
    (folder / "long.txt").write_text("长" * 10_000 + "\nnext", "utf-8")
    read = project_files.read_lines(str(folder), "long.txt", 1, 2, most_bytes=1000)
    assert read.cut
    assert read.text == "长" * 333
    assert read.last == 1


@on_posix
def test_a_file_of_two_gigabytes_is_not_read_into_memory(folder: Path) -> None:
    with (folder / "huge.txt").open("wb") as file:
        file.write(b"first\n" + b"x" * 20_000)
        file.truncate(2 * 1024**3)
    tracemalloc.start()
    read = project_files.read_lines(str(folder), "huge.txt", 1, 1)
    with pytest.raises(BridgeError, match="too far"):
        project_files.read_lines(str(folder), "huge.txt", 1000, 1010)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert read.text == "first"
    assert peak < 2_000_000


def test_a_binary_file_is_not_shown(folder: Path) -> None:
    (folder / "x.bin").write_bytes(b"\x7fELF\0\0")
    assert "binary" in refusal_of_lines(folder, "x.bin", 1)
    (folder / "late.bin").write_bytes(b"text\n" * 5000 + b"\0")
    assert "binary" in refusal_of_lines(folder, "late.bin", 5001)
    assert project_files.read_lines(str(folder), "late.bin", 1, 1).text == "text"


def refusal_of_lines(folder: Path, path: str, first: int) -> str:
    with pytest.raises(BridgeError) as caught:
        project_files.read_lines(str(folder), path, first, first)
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("中文，好".encode("gb18030"), "中文，好"),
        ("\ufeff开头".encode(), "开头"),
        (b"caf\xe9 \xff\xff", "caf\ufffd \ufffd\ufffd"),
        (b"", None),
    ],
)
def test_text_in_other_encodings_can_be_read(folder: Path, data: bytes, text: str | None) -> None:
    (folder / "x.txt").write_bytes(data)
    if text is None:
        assert "has 0 lines" in refusal_of_lines(folder, "x.txt", 1)
    else:
        assert project_files.read_lines(str(folder), "x.txt", 1, 1).text == text


# --- what changes between the look and the opening ------------------------------------------------


@on_posix
@pytest.mark.parametrize("swapped", ["file", "folder", "pipe"])
def test_a_link_or_pipe_put_in_place_after_the_look_is_not_followed(
    folder: Path, tmp_path: Path, swapped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.py").write_text(SECRET, "utf-8")
    opening = project_files._open

    def swap_and_open(root: Path, parts: tuple[str, ...]) -> int:
        file = folder / "src" / "a.py"
        if swapped == "folder":
            (folder / "src").rename(folder / "moved")
            (folder / "src").symlink_to(tmp_path)
            assert file.read_text("utf-8") == SECRET
        else:
            file.unlink()
            if swapped == "file":
                file.symlink_to(tmp_path / "secret.py")
            else:
                os.mkfifo(file)
        return opening(root, parts)

    monkeypatch.setattr(project_files, "_open", swap_and_open)
    with pytest.raises(BridgeError, match=r"cannot be read|not a regular file"):
        project_files.read_lines(str(folder), "src/a.py", 1, 1)


@on_posix
def test_no_descriptor_stays_open_whatever_happens(folder: Path) -> None:
    if not Path("/proc/self/fd").exists():
        pytest.skip("descriptors cannot be counted here")
    (folder / "x.bin").write_bytes(b"\0")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        for path, first in (("src/a.py", 1), ("src/a.py", 900), ("x.bin", 1), ("src", 1)):
            try:
                project_files.read_lines(str(folder), path, first, first)
            except BridgeError:
                continue
    assert len(os.listdir("/proc/self/fd")) == before


# --- relative -------------------------------------------------------------------------------------


def test_a_deleted_file_may_be_named_but_only_inside(folder: Path) -> None:
    assert project_files.relative(str(folder), "./src//deleted.py") == "src/deleted.py"
    for path in ("../secret.py", "/etc/hostname", ".env", "src/../../x"):
        with pytest.raises(BridgeError):
            project_files.relative(str(folder), path)
