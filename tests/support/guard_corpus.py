"""Texts with secrets, and texts that only look like it.

The values are random and drawn at run time, so that secret scanners find nothing in this file. No
literal here has the shape of a key.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import string
import uuid
from collections.abc import Callable, Iterator
from typing import NamedTuple

DIGITS = string.digits
HEX = string.digits + "abcdef"
LOWER = string.ascii_lowercase + string.digits
UPPER = string.ascii_uppercase + string.digits
MIXED = string.ascii_letters + string.digits
BASE64 = MIXED + "+/"
URL_SAFE = MIXED + "-_"
SEEDS = range(5)


class Positive(NamedTuple):
    """A `text` that contains each of `secrets`. The text around them must stay."""

    name: str
    text: str
    secrets: tuple[str, ...]
    kind: str


Draw = Callable[[str, int], str]


def drawing(seed: object) -> Draw:
    """A function that draws random characters of an alphabet. The same seed draws the same ones."""
    chance = random.Random(repr(seed))

    def draw(alphabet: str, length: int) -> str:
        return "".join(chance.choices(alphabet, k=length))

    return draw


def drawn_value(draw: Draw, length: int) -> str:
    """A random value with capitals, small letters and digits."""
    return draw(MIXED, length - 6) + "q7Kz" + draw(DIGITS, 2)


ALONE: dict[str, tuple[str, Callable[[Draw], str]]] = {
    "AWS key": ("AWS access key", lambda d: "AKIA" + d(UPPER, 16)),
    "AWS temporary key": ("AWS access key", lambda d: "ASIA" + d(UPPER, 16)),
    "GitHub personal": ("GitHub token", lambda d: "ghp" + "_" + d(MIXED, 36)),
    "GitHub server": ("GitHub token", lambda d: "ghs" + "_" + d(MIXED, 36)),
    "GitHub fine-grained": (
        "GitHub token",
        lambda d: "github_pat" + "_" + d(MIXED, 22) + "_" + d(MIXED, 59),
    ),
    "GitLab": ("GitLab token", lambda d: "glpat" + "-" + d(URL_SAFE, 20)),
    "GitLab runner": ("GitLab token", lambda d: "glrt" + "-" + d(URL_SAFE, 24)),
    "Slack bot": (
        "Slack token",
        lambda d: "xoxb" + "-" + d(DIGITS, 12) + "-" + d(DIGITS, 12) + "-" + d(MIXED, 24),
    ),
    "Slack app": ("Slack token", lambda d: "xapp" + "-1-" + d(UPPER, 11) + "-" + d(HEX, 64)),
    "Google": ("Google API key", lambda d: "AIza" + d(URL_SAFE, 35)),
    "Google client": ("Google client secret", lambda d: "GOCSPX" + "-" + d(URL_SAFE, 28)),
    "Google access": ("Google access token", lambda d: "ya29" + "." + d(URL_SAFE, 60)),
    "Anthropic": ("Anthropic key", lambda d: "sk" + "-ant-api03-" + d(URL_SAFE, 95)),
    "OpenAI": ("OpenAI key", lambda d: "sk" + "-" + d(MIXED, 48)),
    "OpenAI project": ("OpenAI key", lambda d: "sk" + "-proj-" + d(URL_SAFE, 80)),
    "DeepSeek and Qwen": ("OpenAI key", lambda d: "sk" + "-" + d(HEX, 32)),
    "Stripe": ("Stripe key", lambda d: "sk" + "_live_" + d(MIXED, 24)),
    "Stripe webhook": ("Stripe key", lambda d: "whsec" + "_" + d(MIXED, 32)),
    "npm": ("npm token", lambda d: "npm" + "_" + d(MIXED, 36)),
    "PyPI": ("PyPI token", lambda d: "pypi" + "-AgEIcHlwaS5vcmc" + d(URL_SAFE, 120)),
    "RubyGems": ("RubyGems key", lambda d: "rubygems" + "_" + d(HEX, 48)),
    "Docker": ("Docker token", lambda d: "dckr" + "_pat_" + d(URL_SAFE, 27)),
    "Hugging Face": ("Hugging Face token", lambda d: "hf" + "_" + d(MIXED, 34)),
    "Groq": ("Groq key", lambda d: "gsk" + "_" + d(MIXED, 52)),
    "xAI": ("xAI key", lambda d: "xai" + "-" + d(MIXED, 80)),
    "JSON web token": (
        "JSON web token",
        lambda d: "eyJ" + d(URL_SAFE, 33) + ".eyJ" + d(URL_SAFE, 60) + "." + d(URL_SAFE, 43),
    ),
    "DingTalk secret": ("DingTalk robot secret", lambda d: "SEC" + d(HEX, 64)),
    "Aliyun": ("Aliyun access key", lambda d: "LTAI" + d(MIXED, 20)),
    "Tencent Cloud": ("Tencent Cloud key", lambda d: "AKID" + d(MIXED, 32)),
    "Volcengine": ("Volcengine key", lambda d: "AKLT" + d(MIXED, 44)),
    "Azure client": ("Azure client secret", lambda d: d(MIXED, 3) + "8Q~" + d(MIXED, 34)),
    "Telegram": ("Telegram bot token", lambda d: "7" + d(DIGITS, 9) + ":AA" + d(URL_SAFE, 33)),
    "Discord": (
        "Discord bot token",
        lambda d: "MTA" + d(MIXED, 23) + "." + d(URL_SAFE, 6) + "." + d(URL_SAFE, 38),
    ),
    "SendGrid": ("SendGrid key", lambda d: "SG" + "." + d(URL_SAFE, 22) + "." + d(URL_SAFE, 43)),
    "DigitalOcean": ("DigitalOcean token", lambda d: "dop" + "_v1_" + d(HEX, 64)),
    "Shopify": ("Shopify token", lambda d: "shpat" + "_" + d(HEX, 32)),
    "Databricks": ("Databricks token", lambda d: "dapi" + d(HEX, 32)),
    "Vault": ("Vault token", lambda d: "hvs" + "." + d(URL_SAFE, 90)),
    "Terraform": ("Terraform token", lambda d: d(MIXED, 14) + ".atlasv1." + d(URL_SAFE, 67)),
    "Grafana": ("Grafana token", lambda d: "glsa" + "_" + d(MIXED, 32) + "_" + d(HEX, 8)),
    "Linear": ("Linear key", lambda d: "lin" + "_api_" + d(MIXED, 40)),
    "Notion": ("Notion token", lambda d: "ntn" + "_" + d(MIXED, 46)),
    "Atlassian": ("Atlassian token", lambda d: "ATATT3" + d(URL_SAFE, 180)),
    "Figma": ("Figma token", lambda d: "figd" + "_" + d(URL_SAFE, 40)),
    "Postman": ("Postman key", lambda d: "PMAK" + "-" + d(HEX, 24) + "-" + d(HEX, 34)),
    "Sentry": ("Sentry token", lambda d: "sntrys" + "_" + d(MIXED, 90)),
    "age": ("age key", lambda d: "AGE-SECRET-" + "KEY-1" + d(UPPER, 58)),
}
"""Keys that are known wherever they stand: the kind that is shown, and how one is drawn."""

SLASHED = {"Stripe webhook", "Grafana", "Sentry"}
"""A slash may belong to these, so that their end in a path is unknown."""

AROUND = {
    "sentence": ("my key is ", ", please rotate it."),
    "Chinese": ("密钥是", "，请尽快更换。"),
    "inline code": ("set `", "` there"),
    "fence": ("```sh\nexport X=", "\n```\n"),
    "JSON": ('{"x": "', '", "y": 1}'),
    "nested JSON": ('{"data": "{\\"x\\": \\"', '\\"}"}'),
    "URL": ("https://host.test/path?x=", "&y=1"),
    "path": ("https://host.test/", "/end"),
    "diff": ("@@ -1 +1 @@\n-x = '", "'\n+x = env('X')\n"),
    "table": ("| name | value |\n|---|---|\n| x | ", " |\n"),
    "link": ("[here](", ")"),
    "call": ("connect(", ")"),
    "definition": ("", ": what we used so far"),
    "Windows line": ("x=", "\r\ny=2\r\n"),
}

PLACED: dict[str, tuple[str, str, Callable[[Draw], str], str]] = {
    "Slack webhook": (
        "Slack webhook",
        "curl https://hooks.slack" + ".com/services/",
        lambda d: "T" + d(UPPER, 9) + "/B" + d(UPPER, 9) + "/" + d(MIXED, 24),
        " -d '{}'",
    ),
    "DingTalk webhook": (
        "DingTalk webhook",
        "https://oapi.dingtalk" + ".com/robot/send?access_token=",
        lambda d: d(HEX, 64),
        "&timestamp=1",
    ),
    "DingTalk webhook, all digits by chance": (
        "DingTalk webhook",
        "send?access_token=",
        lambda d: d("0123456789", 64),
        "",
    ),
    "session webhook": (
        "DingTalk webhook",
        "https://oapi.dingtalk" + ".com/robot/sendBySession?session=",
        lambda d: d(HEX, 32),
        "",
    ),
    "Feishu webhook": (
        "Feishu webhook",
        "https://open.feishu" + ".cn/open-apis/bot/v2/hook/",
        lambda d: str(uuid.UUID(d(HEX, 32))),
        "",
    ),
    "WeCom webhook": (
        "WeCom webhook",
        "https://qyapi.weixin" + ".qq.com/cgi-bin/webhook/send?key=",
        lambda d: str(uuid.UUID(d(HEX, 32))),
        "",
    ),
    "Azure storage": (
        "assigned secret",
        "DefaultEndpointsProtocol=https;AccountName=store;Account" + "Key=",
        lambda d: d(BASE64, 86) + "==",
        ";EndpointSuffix=core.windows.net",
    ),
    "Azure bus": (
        "assigned secret",
        "Endpoint=sb://bus.servicebus.windows.net/;SharedAccess" + "Key=",
        lambda d: d(BASE64, 43) + "=",
        "",
    ),
    "Azure shared access": (
        "Azure signature",
        "https://store.blob.core.windows.net/c?sv=2022&sig=",
        lambda d: d(MIXED, 43) + "%3D",
        "&se=2026",
    ),
    "Discord webhook": (
        "Discord webhook",
        "https://discord" + ".com/api/webhooks/",
        lambda d: "1" + d(DIGITS, 18) + "/" + d(URL_SAFE, 68),
        "",
    ),
    "PuTTY": (
        "PuTTY private key",
        "PuTTY-User-Key-File-3: ssh-ed25519\nPublic-Lines: 0\nPrivate-Lines: 2\n",
        lambda d: d(BASE64, 64) + "\n" + d(BASE64, 20),
        "\nPrivate-MAC: 0\n",
    ),
    "database URL": (
        "password in a URL",
        "DATABASE_URL=postgres://app:",
        lambda d: "p" + d(MIXED, 12),
        "@db.internal:5432/app",
    ),
    "token in a clone URL": (
        "password in a URL",
        "git clone https://ci:",
        lambda d: d(LOWER, 20),
        "@git.internal/x.git",
    ),
    "redis URL without a user": (
        "password in a URL",
        "redis://:",
        lambda d: "r" + d(MIXED, 9),
        "@10.0.0.7:6379/0",
    ),
    "curl": ("password for curl", "curl -s -u admin:", lambda d: d(MIXED, 10), " https://h.test/"),
    "netrc": (
        "password in .netrc",
        "machine h.test\n  login ci\n  password ",
        lambda d: d(MIXED, 12),
        "\n",
    ),
    "basic header": (
        "authorization header",
        "Authorization: Basic ",
        lambda d: base64.b64encode(f"user:{drawn_value(d, 12)}".encode()).decode(),
        "\n",
    ),
    "short bearer in a header": (
        "authorization header",
        '-H "Authorization: Bearer ',
        lambda d: drawn_value(d, 10),
        '"',
    ),
    "bearer without a header": (
        "bearer token",
        "it answers to Bearer ",
        lambda d: drawn_value(d, 32),
        " only",
    ),
    "token in a header": (
        "assigned secret",
        "X-Auth-Token: ",
        lambda d: drawn_value(d, 32),
        "\nHost: x\n",
    ),
    "secret in Python": ("assigned secret", 'app_secret = "', lambda d: drawn_value(d, 44), '"'),
    "secret in YAML": ("assigned secret", "clientSecret: ", lambda d: drawn_value(d, 30), "\n"),
    "annotated secret": (
        "assigned secret",
        'SECRET: str = "',
        lambda d: drawn_value(d, 30),
        '"\n',
    ),
    "AWS secret key": (
        "assigned secret",
        "aws_secret_access_key = ",
        lambda d: drawn_value(d, 40),
        "\n",
    ),
    "key in JSON": ("assigned secret", '{"apiKey":"', lambda d: drawn_value(d, 24), '"}'),
    "key in a hash": ("assigned secret", ":api_key => '", lambda d: drawn_value(d, 24), "'"),
    "key in nested JSON": (
        "assigned secret",
        '{"data":"{\\"api_key\\":\\"',
        lambda d: drawn_value(d, 24),
        '\\"}"}',
    ),
    "key in XML": ("assigned secret", "<api-key>", lambda d: drawn_value(d, 24), "</api-key>"),
    "password in JSON": (
        "assigned password",
        '{"password": "',
        lambda d: drawn_value(d, 10),
        '"}',
    ),
    "passwd": ("assigned password", "passwd='", lambda d: drawn_value(d, 10), "'"),
    "passphrase": ("assigned password", 'passphrase: "', lambda d: drawn_value(d, 20), '"'),
    "pwd": ("assigned password", 'pwd="', lambda d: drawn_value(d, 10), '"'),
    "bare password": ("assigned password", "password: ", lambda d: "Xy9!" + d(LOWER, 8), "\n"),
    "bare passwd": ("assigned password", "passwd: ", lambda d: "Xy9!" + d(LOWER, 8), "\n"),
    "bare passphrase": ("assigned password", "passphrase: ", lambda d: "Xy9!" + d(LOWER, 8), " \n"),
    "bare pwd": ("assigned password", "pwd: ", lambda d: "Xy9!" + d(LOWER, 8), ""),
    "password in .env": ("assigned password", "DB_PASSWORD=", lambda d: drawn_value(d, 10), "\n"),
    "pass in .env": ("assigned password", "MYSQL_PASS=", lambda d: drawn_value(d, 10), "\n"),
    "connection string": (
        "assigned password",
        "Server=db;User Id=sa;Password=",
        lambda d: drawn_value(d, 12),
        ";Encrypt=true",
    ),
    "short connection string": (
        "assigned password",
        "Server=db;Uid=sa;Pwd=",
        lambda d: drawn_value(d, 12),
        ";",
    ),
    "password in a query": (
        "assigned password",
        "https://h.test/login?user=a&password=",
        lambda d: drawn_value(d, 12),
        "&x=1",
    ),
    "full-width colon": ("assigned secret", "AppSecret：", lambda d: drawn_value(d, 30), "\n"),
    "password in Chinese": (
        "assigned password",
        "密码：",
        lambda d: "p" + d(LOWER, 6) + "7x",
        "\n",
    ),
    "password in Chinese, said": (
        "assigned password",
        "登录密码是",
        lambda d: "Xy9!" + d(LOWER, 6),
        "，别外传",
    ),
    "watchword in Chinese": ("assigned password", "口令:", lambda d: "k8" + d(LOWER, 6), " "),
    "key in Chinese": ("assigned secret", "密钥: ", lambda d: drawn_value(d, 32), "。"),
    "key in other characters": ("assigned secret", "秘钥：", lambda d: drawn_value(d, 32), "\n"),
    "token in Chinese": ("assigned secret", "令牌为", lambda d: drawn_value(d, 32), "\n"),
    "kubeconfig": (
        "client key",
        "    client-key-data: ",
        lambda d: "LS0tLS1CRUdJTiBSU0Eg" + d(BASE64, 200) + "==",
        "\n",
    ),
    "docker login": (
        "encoded login",
        '{"auths": {"r.test": {"auth": "',
        lambda d: base64.b64encode(f"user1:{drawn_value(d, 12)}".encode()).decode(),
        '"}}}',
    ),
    "login in base64": (
        "encoded login",
        "send ",
        lambda d: base64.b64encode(f"zhang.san@corp:{drawn_value(d, 14)}".encode()).decode(),
        " along",
    ),
    "cookie": ("cookie", "Cookie: ", lambda d: "sessionid=" + d(LOWER, 30) + "7", "\r\n"),
    "cookies": (
        "cookie",
        "curl -H 'Cookie: ",
        lambda d: "lang=zh-CN-hans; sid=" + d(MIXED, 30) + "7; theme=dark",
        "'",
    ),
    "cookie in JSON": (
        "cookie",
        '{"Cookie": "',
        lambda d: "PHPSESSID=" + d(LOWER, 25) + "8",
        '"}',
    ),
    "mysql": ("password of a program", "mysql -uroot -p", lambda d: "r" + d(LOWER, 8) + "9", " db"),
    "mysqldump": (
        "password of a program",
        "mysqldump -h db -u app -p",
        lambda d: "r" + d(MIXED, 8) + "9",
        " --all-databases",
    ),
    "mysqladmin": ("password of a program", "mysqladmin -p", lambda d: "r#" + d(LOWER, 8), "\n"),
    "mariadb": ("password of a program", "mariadb -p", lambda d: "r9" + d(LOWER, 8), "\n"),
    "sshpass": ("password of a program", "sshpass -p '", lambda d: "r9" + d(LOWER, 8), "' ssh h"),
    "redis-cli": ("password of a program", "redis-cli -a ", lambda d: "r9" + d(LOWER, 8), " ping"),
    "pgpass": (
        "password in .pgpass",
        "db.internal:5432:app:app_user:",
        lambda d: "p9" + d(MIXED, 10),
        "\n",
    ),
    "pgpass for all": (
        "password in .pgpass",
        "# hosts\n*:*:*:postgres:",
        lambda d: "p9#" + d(LOWER, 8),
        "",
    ),
    "htpasswd": (
        "password hash",
        "admin:",
        lambda d: "$apr1$" + d(MIXED, 8) + "$" + d(MIXED, 22),
        "",
    ),
    "htpasswd, bcrypt": ("password hash", "admin:", lambda d: "$2y$05$" + d(MIXED, 53), "\n"),
    "htpasswd, SHA": ("password hash", "admin:{SHA}", lambda d: d(BASE64, 27) + "=", "\n"),
    "shadow": (
        "password hash",
        "root:",
        lambda d: "$6$" + d(MIXED, 16) + "$" + d(MIXED, 86),
        ":19000:0:99999:7:::",
    ),
    "JSON web key": (
        "JSON web key",
        '{"kty":"EC","crv":"P-256","x":"abc","d":"',
        lambda d: d(URL_SAFE, 43),
        '"}',
    ),
    "password first in a query": (
        "assigned password",
        "https://h.test/login?password=",
        lambda d: drawn_value(d, 12),
        "",
    ),
}
"""Secrets that are known by what stands before them: kind, what is before, the secret, what is
behind."""

LABELS = ("", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", "DSA ")


def lines(draw: Draw, count: int) -> list[str]:
    """`count` lines of base64, and a short one with padding."""
    return [*(draw(BASE64, 64) for _ in range(count)), draw(BASE64, 22) + "=="]


def private_key_texts() -> Iterator[Positive]:
    """Private keys in all notations; every line of the key is a secret."""
    for label in LABELS:
        yield from _dressed(f"{label}key", f"{label}PRIVATE KEY", [])
    yield from _dressed("PGP", "PGP PRIVATE KEY BLOCK", ["Version: GnuPG v2", ""])
    headers = ["Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,0123456789ABCDEF", ""]
    yield from _dressed("old encrypted", "RSA PRIVATE KEY", headers)


def _dressed(name: str, label: str, headers: list[str]) -> Iterator[Positive]:
    body = lines(drawing(name), 6)
    begin, end = "-----" + f"BEGIN {label}-----", "-----" + f"END {label}-----"
    whole = [begin, *headers, *body, end]
    dresses = {
        "as a file": "\n".join(whole) + "\n",
        "Windows lines": "\r\n".join(whole) + "\r\n",
        "fenced": "```\n" + "\n".join(whole) + "\n```\n",
        "indented": "key: |\n" + "\n".join(f"    {line}" for line in whole),
        "quoted": "\n".join(f"> {line}" for line in whole),
        "in a diff, new": "\n".join(f"+{line}" for line in whole),
        "in a diff, old": "\n".join(f"-{line}" for line in whole),
        "JSON": json.dumps({"private": "\n".join(whole)}),
        "JSON in JSON": json.dumps({"data": json.dumps({"private": "\n".join(whole)})}),
        "string parts": "\n".join(f'  "{line}\\n" +' for line in whole),
        "one line": " ".join(whole),
        "comment": "\n".join(f"# {line}" for line in whole),
        "its end cut off": "\n".join([begin, *headers, *body]),
        "its end cut off in a line": "\n".join([begin, *headers, *body[:3]])[:-20],
    }
    for dress, text in dresses.items():
        parts = body[:3] if "in a line" in dress else body
        secrets = tuple(part[:40] for part in parts)
        yield Positive(f"{name}, {dress}", f"before\n{text}\nafter", secrets, "private key")


def shaped() -> Iterator[Positive]:
    """Every known shape, alone and in all contexts."""
    for name, (kind, make) in ALONE.items():
        for seed in SEEDS:
            secret = make(drawing((name, seed)))
            for where, (before, after) in AROUND.items():
                if where == "path" and name in SLASHED:
                    continue
                text = f"{before}{secret}{after}"
                yield Positive(f"{name} in {where}, {seed}", text, (secret,), kind)
    for name, (kind, before, make, after) in PLACED.items():
        for seed in SEEDS:
            secret = make(drawing((name, seed)))
            yield Positive(f"{name}, {seed}", f"{before}{secret}{after}", (secret,), kind)
            fence = f"Look:\n```\n{before}{secret}{after}\n```\n"
            yield Positive(f"{name}, fenced, {seed}", fence, (secret,), kind)


POSITIVES = [*shaped(), *private_key_texts()]


# --- texts without secrets ----------------------------------------------------------------------


def _hashes() -> str:
    draw = drawing("hashes")
    return "".join(
        f"commit {draw(HEX, 40)}\nAuthor: A <a@b.test>\n\n    {draw(HEX, 7)} merged {draw(HEX, 64)}"
        "\n"
        for _ in range(200)
    )


def _package_lock() -> str:
    draw = drawing("lock")
    return json.dumps(
        {
            f"node_modules/p{number}": {
                "version": f"1.{number}.0",
                "resolved": f"https://registry.npmjs.org/p{number}/-/p{number}-1.{number}.0.tgz",
                "integrity": f"sha512-{draw(BASE64, 86)}==",
                "peer": {"js-tokens": "^3.0.0 || ^4.0.0", "@babel/key": f"npm:x@{number}"},
            }
            for number in range(300)
        },
        indent=2,
    )


def _lock_files() -> str:
    draw = drawing("locks")
    return "".join(
        f'name = "p"\nchecksum = "{draw(HEX, 64)}"\n'
        f"golang.org/x/y v0.{number}.0 h1:{draw(BASE64, 43)}=\n"
        f"p==1.{number} --hash=sha256:{draw(HEX, 64)}\n"
        f"image: registry.test/app@sha256:{draw(HEX, 64)}\n"
        for number in range(200)
    )


def _picture(size: int) -> str:
    data = random.Random("picture").randbytes(size)
    return f"![x](data:image/png;base64,{base64.b64encode(data).decode()})"


def _pictures_in_lines() -> str:
    data = random.Random("lines").randbytes(300_000)
    return base64.encodebytes(data).decode()


def _uuids() -> str:
    draw = drawing("uuids")
    return "\n".join(
        f"request {uuid.UUID(draw(HEX, 32))} key={uuid.UUID(draw(HEX, 32))}" for _ in range(300)
    )


def _minified() -> str:
    draw = drawing("minified")
    return "".join(
        f"!function(e,t){{var {draw('abcdefgh', 2)}=t({number});e.exports={{key:{number},"
        f'token:n.token,secret:r["secret"],password:e.password,hash:"{draw(HEX, 20)}",'
        f'a:"{draw(MIXED, 12)}"}}}};'
        for number in range(400)
    )


def _public_parts() -> str:
    draw = drawing("public")
    body = "\n".join(draw(BASE64, 64) for _ in range(12))
    return "\n".join(
        [
            f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{draw(BASE64, 43)} me@host",
            f"ssh-rsa AAAAB3NzaC1yc2E{draw(BASE64, 360)} me@host",
            f"SHA256:{draw(BASE64, 43)} (ED25519)",
            *(
                f"-----BEGIN {label}-----\n{body}\n-----END {label}-----"
                for label in ("CERTIFICATE", "PUBLIC KEY", "PGP SIGNATURE", "PGP PUBLIC KEY BLOCK")
            ),
            "It begins with -----BEGIN PRIVATE KEY----- and ends, after the commit "
            f"{draw(HEX, 40)} that added it, with -----END PRIVATE KEY-----; then nothing.",
            "`-----BEGIN RSA PRIVATE KEY-----` is what to look for. Internationalization follows.",
        ]
    )


NEGATIVES = {
    "what looks like a secret for its name": """
PASS=Test-Passed-100%
FAIL=Test-Failed-0% PASS=All-Checks-Passed
secret: k8s-secret-name-v1-2024a
token: next-page-token-value-v2-2024b
authorization: bearer required1
authorization: basic auth2
""",
    "what only looks like a login": """
密码：见密码管理器 密码是什么 口令: 芝麻开门 密钥：用 vault 取 密码: ******** 令牌为 OAuth
密码至少 8 位，密码：${DB_PASSWORD} 密码: <your-password> 口令：password
Cookie: lang=zh-hans; theme=dark
Set-Cookie: consent=accepted; Path=/; Secure; HttpOnly
cookie: the value=none of it
mysql -p -u root; mysql --protocol=tcp -port; mysqldump -p$PASS db; mariadb -pPASSWORD
sshpass -p "$SSHPASS" ssh h; redis-cli -a $REDIS_PASSWORD ping; mysql -proot
main.py:120:5:error:expected1 and 10:30:12:a:b1 and a:80:b:c:word
$1 $2y $apr1 $6$ awk '{print $1$2}'
{"d": "M10 10 L20 20 L30 30 Z and more of a path", "k": "v"}
{"kty": "RSA", "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86z", "e": "AQAB"}
certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUM=
dXNlcjpwYXNzd29yZA== aGVsbG8gd29ybGQsIGhvdyBhcmUgeW91 c2hhMjU2OmFiY2RlZg==
""",
    "git log": _hashes(),
    "package-lock.json": _package_lock(),
    "other lock files": _lock_files(),
    "a picture in Markdown": _picture(600_000),
    "a picture in lines": _pictures_in_lines(),
    "UUIDs": _uuids(),
    "minified JavaScript": _minified(),
    "public keys, certificates and words about keys": _public_parts(),
    "stand-ins": "\n".join(
        [
            "AWS_ACCESS_KEY_ID=AKIA" + "IOSFODNN7EXAMPLE",
            "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfi" + "CYEXAMPLEKEY",
            "GITHUB_TOKEN=ghp" + "_" + "x" * 36,
            "client_secret: YOUR_CLIENT_SECRET_GOES_HERE_1",
            'api_key = "your-api-key-0123456789"',
            'apiKey: "<API-KEY-0123456789abcdef>"',
            "export OPENAI_API_KEY=sk-" + "." * 30,
            "OPENAI_API_KEY=sk-" + "X" * 48,
            "https://hooks.slack" + ".com/services/T00000000/B00000000/" + "X" * 24,
            "https://user:password@host.test/ and https://user:pass@host.test/",
            "postgres://postgres:postgres@localhost:5432/db",
            "https://me:s3cr3t-word@www.example.com/ as in RFC 2606",
            "mysql://root:${MYSQL_PASSWORD}@db/x and mysql://root:$PW@db/x",
            "amqp://{user}:{password}@{host}/ and redis://:%s@%s/0 and ftp://u:<pw>@h/",
            "Authorization: Bearer $TOKEN",
            "Authorization: Bearer <your token>",
            "Authorization: token OAUTH-TOKEN",
            'headers = {"Authorization": f"Bearer {access_token}"}',
            "DB_PASSWORD=changeme123! # change_me",
            'password = "************"',
            "password: ${DB_PASSWORD_1}",
            "curl -u $USER:$PASSWORD https://h.test",
            "curl -u user:password https://h.test",
            "machine HOST login USERID password PASSWORD",
            'machine h login {user-id} password "{password}"',
            "SEC" + "0" * 64,
        ]
    ),
    "Python": '''
def token(self, secret: str, key: bytes) -> Token:
    """The token's key: password, secret, token; see https://host.test:8080/a@b."""
    secret = self.settings.secret_for(account2)
    api_key = os.environ["OPENAI_API_KEY"]
    password = getpass.getpass("Password: ")
    client_secret = config.accounts[0].client_secret_v2
    private_key: ed25519.Ed25519PrivateKey = load_pem_private_key(data, None)
    access_token = await self.fetchAccessTokenV2ForRobot(robot)
    token = tokens[index1]; secret_key = hmac.new(key, b"x", hashlib.sha256).hexdigest()
    private_keys: PKCS7PrivateKeyTypes
    return Token(token=access_token, key=cache_key, password=password, auth_key=None)
''',
    "TypeScript and i18n": """
interface Login { password: string; token?: string; apiKey: ApiKeyForAccountV2 }
const labels = { password: "form.login.password2", passwordHint: "At least 8 characters!" };
const { accessToken, refreshToken } = useAuthTokens2(); // token: accessTokenProviderV2
<input type="password" name="password" placeholder="Password1!" />
<TextField key="field-0123456789" secret={secretValueFromProps1} />
.sk-folding-cube-animation-delay-very-long-name-1, .sk-fading-circle .sk-circle12 { }
task-0123456789abcdef0123456789abcdef disk-0123456789abcdef0123456789abcdef
""",
    "YAML and CI": """
env:
  GITHUB_TOKEN: ${{ secrets.GITHUB_TOKEN }}
  NPM_TOKEN: ${{ secrets.NPM_TOKEN_2024 }}
secretName: my-tls-secret-0123456789abcdef
secretKeyRef: { name: db-credentials-v1, key: password }
key: pip-${{ runner.os }}-${{ hashFiles('**/requirements-2024.txt') }}
max_tokens: 128000
tokenizer: cl100k_base
"NextToken": "eyJNYXJrZXIiOiBudWxsLCAiYm90b190cnVuY2F0ZV9hbW91bnQiOiAzfQ=="
arn:aws:secretsmanager:us-west-2:123456789012:secret:MyTestSecret-a1b2c3
arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab
""",
    "logs": """
2026-08-01T10:00:00Z INFO http://10.0.0.1:8080/health 200 token=ok key=3 secret=none
PWD='/Users/Maciej/Projects-2' OLDPWD=/home/me pwd: /srv/app/releases/20260801
at https://host.test:8642,@someone and http://a.test:80/x@y git@github.com:me/x.git
mail a.b@c.test, see <https://medium.com/@someone/secret-of-a-good-password-0a1b2c3d4e5f>
Bearer authentication is required; bearer of-bad-news-and-worse-things
""",
    "Chinese": "请把密码发给管理员，不要写在群里。令牌（token）有效期：7200 秒。密钥：见密码管理器"
    * 300
    + "邮箱：zhang@host.test 端口 8080：打开 http://主机:8080/路径@张三",
    "SQL and regular expressions": r"""
SELECT password, token FROM users WHERE api_key = $1 AND secret = :secret_value_1;
CREATE USER app IDENTIFIED BY :password; -- password: see vault
re.compile(r"ghp_[A-Za-z0-9]{36}|AKIA[0-9A-Z]{16}|sk-[A-Za-z0-9]{32,}|eyJ[A-Za-z0-9_-]{10,}")
^(?=.*[A-Z])(?=.*[0-9])password=[^&]+$
""",
    "a diff": "".join(
        f"-    token = old_token_{n}(secret)\n+    token = new_token_{n}(secret, key=KEY_{n})\n"
        for n in range(100)
    ),
    "checksums": "\n".join(
        f"{hashlib.sha512(str(n).encode()).hexdigest()}  file-{n}.tar.gz" for n in range(100)
    ),
}
"""Texts of which no character may change."""
