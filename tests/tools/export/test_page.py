"""HTML page that stands alone."""

from tools.export.page import escaped, figure, figures, page


def test_a_page_holds_its_parts_and_asks_for_nothing() -> None:
    shown = figures([figure(b"\xff\xd8", "0:07", "<b>[1]</b>"), figure(b"", "0:09", "sound")])
    told = page("Who & <script>", [f"<p>{escaped('a $5 <b>')}</p>", shown], "en")
    assert "<title>Who &amp; &lt;script&gt;</title>" in told and '<html lang="en">' in told
    assert "<p>a $5 &lt;b&gt;</p>" in told
    assert '<img src="data:image/jpeg;base64,/9g=" alt="0:07"><figcaption><b>[1]</b>' in told
    assert "<figure><figcaption>sound</figcaption></figure>" in told
    assert "default-src 'none'" in told and "http:" not in told and "https:" not in told


def test_the_language_of_a_page_may_be_unknown() -> None:
    assert "<html>" in page("", [])


def test_a_long_text_is_cut() -> None:
    assert len(escaped("x" * 2000)) <= 1000
