"""eli5's formatters can be had without what its explainers import, and nothing of eli5 is lost by it."""

import subprocess
import sys


def run(script):
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_formatters_are_imported_without_the_packages_of_the_explainers():
    run(
        "import sys; from eli5_transformers.commands.fast_start import postpone_eli5; postpone_eli5()\n"
        "import eli5_transformers.views.explanation_page\n"
        "from eli5.formatters.text import format_as_text\n"
        "assert not {'sklearn', 'pandas', 'matplotlib'} & set(sys.modules)"
    )


def test_eli5_is_whole_as_soon_as_it_is_used():
    run(
        "from eli5_transformers.commands.fast_start import postpone_eli5; postpone_eli5()\n"
        "import eli5.base, eli5, eli5.formatters, types\n"
        "assert eli5.explain_prediction and eli5.format_as_html and eli5.__version__\n"
        "assert eli5.formatters.format_as_text is eli5.format_as_text\n"
        "assert type(eli5) is type(eli5.formatters) is types.ModuleType\n"
        "import torch; assert torch.nn.Module in eli5.explain_prediction.registry\n"
        "try: eli5.nothing\n"
        "except AttributeError: pass\n"
        "else: raise SystemExit('no AttributeError')"
    )


def test_an_eli5_that_is_imported_already_is_left_alone():
    run(
        "import eli5; before = eli5\n"
        "from eli5_transformers.commands.fast_start import postpone_eli5; postpone_eli5()\n"
        "import sys; assert sys.modules['eli5'] is before"
    )
