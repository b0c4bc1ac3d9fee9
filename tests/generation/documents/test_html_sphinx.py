"""Pages as Sphinx writes them."""

from pathlib import Path

from tfsiamese.generation.documents import read_html


def blocks(folder: Path, html: str) -> list[tuple[str, int, str]]:
    path = folder / "page.html"
    path.write_text(f"<div class=body role=main>{html}</div>", encoding="utf-8")
    return [(block.kind, block.level, block.text) for block in read_html(path, "page.html").blocks]


def described(name: str, text: str) -> str:
    return (
        f'<dl class="py function"><dt class="sig sig-object py" id="{name}"><span class="descname">{name}</span>'
        f'<span class="sig-paren">(</span><em>a</em>, <em>b</em><span class="sig-paren">)</span>'
        f'<a class="headerlink" href="#{name}">¶</a></dt><dd>{text}</dd></dl>'
    )


def test_signatures_that_end_a_section_are_headings_below_it(tmp_path: Path):
    html = (
        "<section><h1>Module</h1><p>Lead.</p>"
        + described("first", "<p>Does one.</p>")
        + described("Class", "<p>A class.</p>" + described("method", "<p>Does two.</p>"))
        + "\n<section><h2>Notes</h2><p>Text.</p></section></section>"
    )
    assert blocks(tmp_path, html) == [
        ("heading", 1, "Module"),
        ("paragraph", 0, "Lead."),
        ("heading", 2, "first(a, b)"),
        ("paragraph", 0, "Does one."),
        ("heading", 2, "Class(a, b)"),
        ("paragraph", 0, "A class."),
        ("heading", 3, "method(a, b)"),
        ("paragraph", 0, "Does two."),
        ("heading", 2, "Notes"),
        ("paragraph", 0, "Text."),
    ]


def test_a_signature_that_text_of_the_section_follows_is_no_heading(tmp_path: Path):
    html = (
        "<section><h1>Module</h1>"
        + described("first", "Does one.")
        + described("second", "Does two." + described("inner", "Inside."))
        + "<p>Back in the section.</p>"
        + described("last", "Does three.")
        + "</section>"
    )
    assert blocks(tmp_path, html) == [
        ("heading", 1, "Module"),
        ("paragraph", 0, "first(a, b): Does one."),
        ("paragraph", 0, "second(a, b): Does two."),
        ("paragraph", 0, "inner(a, b): Inside."),
        ("paragraph", 0, "Back in the section."),
        ("heading", 2, "last(a, b)"),
        ("paragraph", 0, "Does three."),
    ]


def test_text_after_a_method_in_its_class_keeps_the_method_from_being_a_heading(tmp_path: Path):
    html = "<h1>M</h1>" + described("Class", described("method", "Does it.") + "<p>About the class.</p>")
    assert [block[2] for block in blocks(tmp_path, html) if block[0] == "heading"] == ["M", "Class(a, b)"]


def test_of_several_signatures_with_one_description_the_first_is_the_heading(tmp_path: Path):
    html = '<h1>M</h1><dl><dt class="sig">one()</dt><dt class="sig">two()</dt><dd><p>Both.</p></dd></dl>'
    assert blocks(tmp_path, html)[1:] == [
        ("heading", 2, "one()"),
        ("list_item", 0, "two()"),
        ("paragraph", 0, "Both."),
    ]


def test_fields_inside_a_description_are_no_headings(tmp_path: Path):
    html = "<h1>M</h1>" + described("f", '<dl class="field-list"><dt>Returns:</dt><dd><p>a number</p></dd></dl>')
    assert blocks(tmp_path, html)[1:] == [("heading", 2, "f(a, b)"), ("paragraph", 0, "Returns: a number")]


def test_terms_of_a_glossary_are_headings(tmp_path: Path):
    terms = '<dl class="glossary"><dt>tree</dt><dd>A plant.</dd><dt>leaf</dt><dd>A part.</dd></dl>'
    html = f"<section><h1>Glossary</h1>{terms}</section>"
    assert blocks(tmp_path, html)[1:] == [
        ("heading", 2, "tree"),
        ("paragraph", 0, "A plant."),
        ("heading", 2, "leaf"),
        ("paragraph", 0, "A part."),
    ]


def test_the_title_of_a_note_stands_in_front_of_its_text(tmp_path: Path):
    html = (
        '<div class="admonition note"><p class="admonition-title">Note</p><p>Be quick.</p><p>Always.</p></div>'
        '<div class="admonition seealso"><p class="admonition-title">See also:</p><ul><li><p>this</p></li></ul></div>'
        '<div class="admonition tip"><p class="admonition-title">Tip</p><pre>x = 1</pre></div>'
    )
    assert blocks(tmp_path, html) == [
        ("paragraph", 0, "Note: Be quick."),
        ("paragraph", 0, "Always."),
        ("list_item", 0, "See also: this"),
        ("paragraph", 0, "Tip"),
        ("code", 0, "x = 1"),
    ]


def test_contents_footnote_marks_and_links_to_the_source_are_left_out(tmp_path: Path):
    html = (
        '<h1>M</h1><nav class="contents"><ul><li>no</li></ul></nav><div class="contents topic"><p>no</p></div>'
        '<p>Text<a class="footnote-reference brackets" href="#id2">1</a>.</p>'
        '<aside class="topic"><p class="topic-title">Abstract</p><p>Short.</p></aside>'
        '<p>f()<a class="reference internal" href="x"><span class="viewcode-link">[source]</span></a></p>'
    )
    assert [block[2] for block in blocks(tmp_path, html)] == ["M", "Text.", "Abstract: Short.", "f()"]


def test_a_rubric_is_a_heading_that_ends_the_description_above_it(tmp_path: Path):
    html = "<section><h2>M</h2>" + described("f", "Does.") + '<p class="rubric">Footnotes</p><p>Text.</p></section>'
    assert blocks(tmp_path, html) == [
        ("heading", 2, "M"),
        ("heading", 3, "f(a, b)"),
        ("paragraph", 0, "Does."),
        ("heading", 3, "Footnotes"),
        ("paragraph", 0, "Text."),
    ]


def test_the_labels_of_footnotes_and_citations_leave_nothing(tmp_path: Path):
    bracket = '<span class="fn-bracket">{}</span>'
    label = bracket.format("[") + '<a role="doc-backlink" href="#id1">1</a>' + bracket.format("]")
    key = bracket.format("[") + "Knuth84" + bracket.format("]")
    html = (
        f'<p>Text <a class="footnote-reference brackets" role="doc-noteref" href="#id2">{key}</a>goes on.</p>'
        '<aside class="footnote-list brackets"><aside class="footnote brackets" role="note">'
        f'<span class="label">{label}</span><p>Only here.</p></aside></aside>'
        f'<div class="citation"><span class="label">{key}</span><p>A book.</p></div>'
        '<table class="docutils footnote"><tr><td class="label"><a class="fn-backref">[2]</a></td>'
        "<td>An old note.</td></tr></table>"
        '<p><span class="label">New</span> in this one.</p>'
    )
    assert [text for _, _, text in blocks(tmp_path, html)] == [
        "Text goes on.",
        "Only here.",
        "A book.",
        "An old note.",
        "New in this one.",
    ]
