"""The looking glass for markup sees what texts from anywhere may bring in, so that finding nothing means something."""

import pytest
from browser import hostile
from markup import faults, parts


@pytest.mark.parametrize("name", list(hostile.ACTIVE))
def test_each_active_text_is_seen(name):
    page = f"<!DOCTYPE html><p>{hostile.ACTIVE[name]}</p>"
    assert faults(page)
    assert parts(page) != parts("<!DOCTYPE html><p>x</p>")


@pytest.mark.parametrize(
    "html",
    ["<p onclick=1>", "<p style='a: url(/x)'>", "<p style='a: expression(1)'>", "<a href=javascript:1>x</a>", "\x1b", "\u202e"],
)
def test_other_faults_are_seen(html):
    assert faults(html)


def test_texts_are_no_faults_and_no_parts():
    assert faults("<p title='a &lt;b&gt;'>&lt;script&gt; \u05d0</p>") == []
    assert parts("<p title='a'>b</p>") == parts("<p title='&lt;'>&lt;i&gt;</p>")
