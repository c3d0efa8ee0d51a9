"""Text from outside: what is invisible goes, what is long is cut."""
# ruff: noqa: RUF001 (other scripts are the point)

from tools.text.clean import MAX_TEXT, clean, clean_title


def test_text_is_one_visible_line():
    assert clean("a\u202eb\u2066c\u200bd\x07e\x00\ufefff\U000e0041g") == "abcdefg"
    assert clean("  a\r\n\tb\u2028c\xa0 d ") == "a b c d"
    assert clean("e\u0301") == "é"
    assert clean("می\u200cخواهم") == "می\u200cخواهم"
    assert len(clean("x" * 5000)) == MAX_TEXT and clean("x" * 5000).endswith("…")


def test_a_title_is_one_line_without_control_characters():
    assert clean_title("a\x1b[31mb\nc\u202ed") == "a [31mb c d"
    assert clean_title("caf\udcc3\udca9") == "café"
    assert clean_title("a\ud800b") == "a b"
    assert clean_title("\x00\u200b ") == "untitled"
    assert len(clean_title("x" * 900)) == 200
