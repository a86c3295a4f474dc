"""QR codes as rows of half blocks."""

from __future__ import annotations

import segno

from dingbridge.edges import qr_code

ADDRESS = "https://open-dev.dingtalk.com/openapp/registration/openClaw?user_code=MUEU-DEKR-5TN3"
HALVES = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}


def test_the_rows_hold_each_module_of_the_code() -> None:
    rows = qr_code.rows_of(ADDRESS)
    assert len({len(row) for row in rows}) == 1
    drawn = [[HALVES[sign][half] for sign in row] for row in rows for half in (0, 1)]
    code = segno.make_qr(ADDRESS, error="l", boost_error=False)
    wanted = [list(line) for line in code.matrix_iter(border=qr_code.BORDER)]
    assert drawn[: len(wanted)] == wanted


def test_it_fits_on_a_small_screen() -> None:
    rows = qr_code.rows_of(ADDRESS)
    assert len(rows) <= 22
    assert len(rows[0]) <= 50


def test_a_text_that_is_too_long_has_no_code() -> None:
    assert qr_code.rows_of("x" * 5000) == []
