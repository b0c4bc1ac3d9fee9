"""Pages in HTML as documents."""

from pathlib import Path

import pytest

from tfsiamese.errors import DataError
from tfsiamese.generation.documents import Document, read_html


def read(folder: Path, html: str | bytes) -> Document:
    path = folder / "page.html"
    path.write_bytes(html if isinstance(html, bytes) else b"<meta charset=utf-8>" + html.encode())
    return read_html(path, "page.html")


def blocks(folder: Path, html: str) -> list[tuple[str, int, str]]:
    return [(block.kind, block.level, block.text) for block in read(folder, html).blocks]


def texts(folder: Path, html: str) -> list[str]:
    return [text for _, _, text in blocks(folder, html)]


def test_blocks_keep_the_order_of_the_page(tmp_path: Path):
    html = """<h1>Top</h1><p>One
      line.</p><h2>Sub</h2>loose <b>te</b>xt<pre><span></span>if x:\n    y  = 1\n\nz</pre><blockquote>Said</blockquote>
      <figure><img alt=no><figcaption>A figure</figcaption></figure><h6>Deep</h6>"""
    assert blocks(tmp_path, html) == [
        ("heading", 1, "Top"),
        ("paragraph", 0, "One line."),
        ("heading", 2, "Sub"),
        ("paragraph", 0, "loose text"),
        ("code", 0, "if x:\n    y  = 1\nz"),
        ("paragraph", 0, "Said"),
        ("paragraph", 0, "A figure"),
        ("heading", 6, "Deep"),
    ]


def test_inline_elements_add_no_space_and_line_breaks_do(tmp_path: Path):
    html = "<p>un<em>believ</em>able<br>H<sub>2</sub>O <a href='http://x.example'>link</a><wbr>ed</p>"
    assert texts(tmp_path, html) == ["unbelievable H2O linked"]


def test_nested_lists_keep_their_order(tmp_path: Path):
    html = "<ol><li>a<ul><li><p>b</p><p>more of b</p></li></ul>end of a</li><li>c</li></ol>"
    assert blocks(tmp_path, html) == [
        ("list_item", 0, "a"),
        ("list_item", 0, "b"),
        ("paragraph", 0, "more of b"),
        ("paragraph", 0, "end of a"),
        ("list_item", 0, "c"),
    ]


def test_terms_stand_in_front_of_their_definitions(tmp_path: Path):
    html = "<dl><dt>Hund</dt><dd>Ein Tier.<p>Bellt.</p></dd><dt>A</dt><dt>B:</dt><dd><pre>x</pre></dd></dl>"
    assert texts(tmp_path, html) == ["Hund: Ein Tier.", "Bellt.", "A", "B:", "x"]


def test_a_table_has_a_row_a_line(tmp_path: Path):
    html = """<table><caption>Sizes</caption><thead><tr><th>Name</th><th>Size</th></tr></thead>
      <tr><td>a</td><td><p>1</p><p>2</p></td></tr><tr><td></td><td> </td></tr><tr><td></td><td>3</td></tr></table>"""
    assert blocks(tmp_path, html) == [("paragraph", 0, "Sizes"), ("table", 0, "Name | Size\na | 1 2\n| 3")]


def test_a_table_that_lays_out_the_page_is_walked_through(tmp_path: Path):
    html = """<table><tr><td><h2>Left</h2><p>Text</p></td><td><table><tr><td>1</td><td>2</td></tr></table></td></tr>
      </table><table><tr><td>a box</td></tr></table><table role=presentation><tr><td>x<td>y</table>"""
    assert blocks(tmp_path, html) == [
        ("heading", 2, "Left"),
        ("paragraph", 0, "Text"),
        ("table", 0, "1 | 2"),
        ("paragraph", 0, "a box"),
        ("paragraph", 0, "x"),
        ("paragraph", 0, "y"),
    ]


@pytest.mark.parametrize(
    "around",
    [
        "<nav>no</nav>",
        "<header><h2>no</h2></header>",
        "<footer>no</footer>",
        "<aside>no</aside>",
        "<form><p>no</p></form>",
        "<button>no</button>",
        "<script>no</script><style>no</style><noscript>no</noscript><template>no</template>",
        "<svg><text>no</text></svg>",
        "<!-- no -->",
        "<div role=navigation>no</div><div role=banner>no</div><div role=contentinfo>no</div><div role=search>no</div>",
        "<p hidden>no</p>",
        "<p aria-hidden=true>no</p>",
        "<p style='color: red; display : none'>no</p>",
        "<ol class='breadcrumb'><li>no</li></ol>",
        "<span class=sr-only>no</span>",
        "<div class='toctree-wrapper compound'><ul><li>no</li></ul></div>",
        "<table class=highlighttable><tr><td class=linenos><pre>no</pre></td></tr></table>",
    ],
)
def test_what_stands_around_the_text_is_left_out(tmp_path: Path, around: str):
    assert texts(tmp_path, f"<body><p>before</p>{around}<p>after</p></body>") == ["before", "after"]


@pytest.mark.parametrize(
    "html",
    [
        "<div>menu</div><main><p>text</p></main>",
        "<div>menu</div><div role=main><p>text</p></div>",
        "<div>menu</div><article><p>text</p></article>",
        "<main><div>menu</div><article>text</article></main>",
        "<div>menu</div><div id=content>text</div>",
        "<form><h1>text</h1></form>",
        "<main></main>text",
    ],
)
def test_the_main_content_is_found(tmp_path: Path, html: str):
    assert texts(tmp_path, f"<body>{html}</body>") == ["text"]


@pytest.mark.parametrize("html", ["<article>one</article>", "<main>one</main>", "<nav>x</nav><div>one</div>", "one"])
def test_a_page_may_leave_out_its_body_tag(tmp_path: Path, html: str):
    assert texts(tmp_path, f"<title>no</title>{html}") == ["one"]


def test_several_articles_are_all_read(tmp_path: Path):
    assert texts(tmp_path, "<article>one</article><article>two</article>") == ["one", "two"]


@pytest.mark.parametrize(
    ("html", "title"),
    [
        ("<title>Head – Site</title><h2>Sub</h2><h1>First <i>real</i></h1><h1>Other</h1>", "First real"),
        ("<title>Head – Site</title><header><h1>Above</h1></header><main>text</main>", "Above"),
        ("<title>\n Head </title><p>text</p>", "Head"),
        ("<p>text</p>", ""),
    ],
)
def test_the_title_is_the_first_heading_else_what_the_head_says(tmp_path: Path, html: str, title: str):
    assert read(tmp_path, html).title == title


def test_the_header_of_an_article_keeps_its_heading(tmp_path: Path):
    assert texts(tmp_path, "<article><header><h1>Title</h1></header><p>text</p></article>") == ["Title", "text"]


def test_marks_that_link_to_a_heading_are_no_part_of_it(tmp_path: Path):
    html = (
        "<h1>One<a class=headerlink href='#one'>¶</a></h1><h2><a href='#two'>#</a> Two</h2><p>C# <a href=x>#1</a></p>"
    )
    assert texts(tmp_path, html) == ["One", "Two", "C# #1"]


def test_readings_above_characters_and_breaks_between_them_vanish(tmp_path: Path):
    html = "<p><ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字</ruby>の\n   文章</p>"
    assert texts(tmp_path, html) == ["漢字の文章"]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ('<meta charset="Shift_JIS"><p>日本語</p>'.encode("cp932"), "日本語"),
        (
            '<meta http-equiv="Content-Type" content="text/html; charset=gb2312"><p>中文镕</p>'.encode("gb18030"),
            "中文镕",
        ),
        ("<p>Größe</p>".encode(), "Größe"),
        ("<p>Größe – “so”</p>".encode("cp1252"), "Größe – “so”"),
        ("<meta charset=iso-8859-1><p>“so”</p>".encode("cp1252"), "“so”"),
        ("<meta charset=utf-8><p>Größe</p>".encode("cp1252"), "Größe"),
        ("<p>Ελλάδα</p>".encode("utf-16"), "Ελλάδα"),
        (b'<?xml version="1.0" encoding="koi8-r"?><html><p>' + "мир".encode("koi8-r") + b"</p></html>", "мир"),
        (b"<meta charset=no-such-name><p>a</p>", "a"),
        ("<meta charset=utf-8><p>Größe für alle".encode() + b"\xff</p>", "Größe für alle\ufffd"),
    ],
)
def test_the_encoding_is_the_one_that_the_page_is_in(tmp_path: Path, data: bytes, text: str):
    assert read(tmp_path, data).text == text


def test_nesting_of_any_depth_is_read(tmp_path: Path):
    html = "<div>" * 5000 + "deep" + "</div>" * 5000 + "<p>after</p>" + "<ul><li>" * 3000 + "item"
    assert texts(tmp_path, html) == ["deep", "after", "item"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b" \n", "empty"),
        (b"<title>x</title><body><script>fill()</script></body>", "no text"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a picture"),
        (b"<p>a\0b</p>", "NUL"),
        (b"PK\x03\x04abc", "zip archive"),
    ],
)
def test_files_that_hold_no_page_say_why(tmp_path: Path, data: bytes, reason: str):
    with pytest.raises(DataError, match=f"^page.html: .*{reason}"):
        read(tmp_path, data)
