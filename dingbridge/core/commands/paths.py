"""Checks a path by its spelling alone: whether a project may contain it, and whether it names a
secret."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from dingbridge.core.catalogue import remote as say
from dingbridge.core.errors import BridgeError
from dingbridge.core.regex import regex

SECRET_FOLDERS: tuple[str, ...] = (
    *(".git", ".hg", ".svn", ".bzr", ".jj"),
    *(".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".password-store", ".gcloud"),
    *(".envs", ".secrets"),
)
"""Folders whose files are never shown, as lower-case file name patterns."""

SECRET_FILES: tuple[str, ...] = (
    *(".env", ".env[-._]*", "*.env", ".envrc", ".envrc.*"),
    *("id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", "ssh_host_*_key", "secring.*"),
    *("*.pem", "*.key", "*.p12", "*.pfx", "*.pkcs12", "*.p8", "*.jks", "*.keystore", "*.ppk"),
    *("*.kdbx", "*.kdb", "*.gpg", "*.asc", "*.age", "wallet.dat", "*.ovpn"),
    *("auth.json", "kubeconfig", "kubeconfig.*", "*.kubeconfig", ".terraformrc", "*rclone.conf"),
    *(".netrc", "_netrc", ".npmrc", ".yarnrc", ".pypirc", ".pgpass", ".my.cnf", ".htpasswd"),
    *(".git-credentials", ".dockercfg", ".s3cfg", ".boto", ".vault-token", ".*_history"),
    *("*.tfstate", "*.tfstate.*", "*.tfvars", "*.secret", "*.secrets"),
    *("credentials", "credentials.json", "credentials.xml", "credentials.toml"),
    *("credentials.y*ml", "credentials.ini", "credentials.csv", "credentials.y*ml.enc"),
    *("secret", "secret.json", "secret.toml", "secret.y*ml", "secret.txt", "secret.ini"),
    *("secrets", "secrets.json", "secrets.toml", "secrets.y*ml", "secrets.txt", "secrets.ini"),
    *("service-account*.json", "service_account*.json", "client_secret*.json"),
)
"""Files that hold a secret by their name, as lower-case file name patterns."""

_DATA = "json|toml|ya?ml|txt|ini|csv|xml|properties|conf|cfg|enc"
_TELLING = regex(
    r"(?:.*[-_. ])?(?:credentials?|secrets?|passwords?|passwd|(?:api|private|access)[-_]?keys?"
    rf"|(?:access|auth)[-_]?tokens?)(?:[-_. ][^.]*)?(?:\.(?:{_DATA}))+"
)
"""A data file whose name contains a word such as "secret"."""
_PLACES = regex(
    r"(?:^|/)(?:gh/hosts\.ya?ml|\.config/(?:gcloud|rclone|hub|glab-cli|doctl)|\.m2/settings[^/]*\.xml)"
    r"(?:/|$)"
)
"""Paths of files and folders that hold secrets."""
_COPY = regex(
    r"(?:~|\.(?:bak|backup|old|orig|save|sav|copy|tmp|rej|sw[a-p]|dpkg-[a-z]+|rpm[a-z]+|[0-9]{1,8}))\Z"
)
"""Suffixes that editors and people give to copies."""

_SCHEME = regex(r"[a-z][a-z0-9+.-]*:/|(?:file|data|jar):", re.IGNORECASE)
_DRIVE = regex(r"[a-z]:", re.IGNORECASE)
_SEPARATORS = regex(r"[/\\]")
_CONTROL = regex(r"[\x00-\x1f\x7f]")
_LONGEST = 1000


def check(path: str, *, drives: bool = False) -> None:
    """Refuse paths that no project may contain. Raises `BridgeError`.

    Refused: `..` (in any width, with either slash), a home folder, a URL, a network share, a drive
    (unless `drives`), control characters, and names of secrets. An absolute path may be inside the
    project, so it passes.
    """
    plain = _plain(path)
    if not path.strip() or len(path) > _LONGEST or _CONTROL.search(path):
        raise BridgeError(say.NO_PATH())
    is_network = plain.startswith(("//", "\\\\", "/\\", "\\/"))
    has_drive = _DRIVE.match(plain) is not None
    if is_network or plain.startswith("~") or (has_drive and not drives):
        raise BridgeError(say.OUTSIDE())
    if _SCHEME.match(plain) and not has_drive:
        raise BridgeError(say.OUTSIDE())
    parts = _SEPARATORS.split(plain)
    # Some systems drop dots and spaces at the end of a name.
    if any(part.strip(" ") == ".." or re.fullmatch(r"\.\.[. ]+", part) for part in parts):
        raise BridgeError(say.OUTSIDE())
    if is_secret(parts):
        raise BridgeError(say.HIDDEN())


def is_secret(parts: Iterable[str]) -> bool:
    """Whether a path, given as its components, names a secret or a copy of one.

    Compares as the most lenient file system would: ignores case, width, invisible characters, and
    trailing dots and spaces.
    """
    names = [_as_a_disk_may(part) for part in parts]
    return _PLACES.search("/".join(names)) is not None or any(
        _TELLING.fullmatch(name)
        or any(fnmatchcase(name, pattern) for pattern in (*SECRET_FOLDERS, *SECRET_FILES))
        for part in names
        for name in _originals(part)
    )


def without_secrets(diff: str) -> str:
    """The output of `git diff` without the files that `is_secret` matches."""
    files = re.split(r"^(?=diff --git )", diff, flags=re.MULTILINE)
    return "".join(file for file in files if not _is_of_secret(file.partition("\n")[0]))


def _is_of_secret(heading: str) -> bool:
    # Ambiguous where the two names are separated: "diff --git a/one b/one b/one".
    if not heading.startswith("diff --git "):
        return False
    whole = heading.removeprefix("diff --git ").replace('"', "")
    return is_secret(re.split(r"[/ ]", whole)) or is_secret(whole.split("/"))


def _originals(name: str) -> Iterator[str]:
    """A name, and those that it may be a copy of: `.key.pem.swp` and `#key.pem#` of `key.pem`."""
    yield name
    while True:
        shorter = _COPY.sub("", name.strip("#")) or name
        shorter = shorter.removeprefix(".#")
        if shorter == name:
            break
        yield shorter
        name = shorter
    yield name.lstrip(".")


def _as_a_disk_may(name: str) -> str:
    return _plain(name).casefold().partition("::$")[0].rstrip(" .")


def _plain(text: str) -> str:
    normal = unicodedata.normalize("NFKC", text)
    return "".join(each for each in normal if unicodedata.category(each) != "Cf")
