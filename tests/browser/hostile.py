"""Texts that become markup, scripts and requests wherever they are put into HTML as they are."""

RUN = "top.ran=1;document.title='ran';fetch('/stolen')"

# Each of them is found out where a page holds it unescaped (`test_the_looking_glass_sees_what_hostile_texts_do`).
ACTIVE = {
    "script": f"<script>{RUN}</script>",
    "image": f'<img src="/stolen.png" onerror="{RUN}">',
    "end of an attribute": f'"><svg onload="{RUN}">',
    "end of a quoted attribute": f'\'><input autofocus onfocus="{RUN}">',
    "end of the elements around": f"</title></style></pre></b></p></td></table><script>{RUN}</script>",
    "style": "<style>@import '/stolen.css'; * { background: url(/stolen.png) }</style>",
    "style sheet": '<link rel="stylesheet" href="/stolen.css">',
    "forwarding": '<meta http-equiv="refresh" content="0;url=/stolen">',
    "frame": f'<iframe srcdoc="<script>{RUN.replace("top", "top.top")}</script>"></iframe>',
    "object": '<object data="/stolen"></object>',
    "handler": f'<b onmouseover="{RUN}" onanimationstart="{RUN}" style="background:url(/stolen.png)">bold</b>',
}

# These do nothing by themselves; they must be there to be read, character by character.
PASSIVE = {
    "escaped": "&lt;b&gt; &amp;amp; &#60;i&#62;",
    "quotes": "\"double\" 'single' `back`",
    "comment": "<!-- not a comment -->",
    "template": "{{ 7*7 }} {% raw %} ${7*7} {title} %s",
    "control characters": "a\x1b[31mb\x00c\x08d\x7fe\x9bf",
    "bidi overrides": "\u202e0.999\u202c \u2066isolated\u2069 \u2067",
    "separators": "a\u2028b\u2029c",
    "without width": "gr\u200beat \u2060go\u00adod\ufeff \u3164",
    "right to left": "שלום עולם (1)",
    "closing": "]]> --> </",
}

ALL = " ".join([*ACTIVE.values(), *PASSIVE.values()])
