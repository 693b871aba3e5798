"""Makes `import allennlp` and `import eli5` import eli5_transformers first, so that the order of imports does not matter.

AllenNLP has its patches then, and eli5 explains pipelines, models and predictors in a process that was started anew, too,
as workers are: what they are sent names neither of the two.

`eli5_transformers.pth`, beside this file in site-packages, imports it whenever Python starts: it costs microseconds and
imports nothing but what Python has loaded by then. It stands alone, because it runs where eli5_transformers is broken,
too, or gone (the clone of an editable install that was moved).
"""

import sys


class ImportsEli5TransformersFirst:
    """A finder that imports eli5_transformers when AllenNLP or eli5 is looked for, and finds nothing itself."""

    def find_spec(self, fullname, path=None, target=None):
        """What the finders that eli5_transformers puts in wait find for these two; None for all else."""
        if fullname not in ("allennlp", "eli5"):
            return None
        before = list(sys.meta_path)
        try:
            import eli5_transformers  # noqa: F401  importing it is all
        except Exception as error:
            # eli5 is what it is without this package; AllenNLP without its patches is not.
            if fullname == "allennlp" and getattr(error, "name", None) != "eli5_transformers":
                raise
        # They stand at the head of the list now, where the look-up that came to this finder has passed already.
        for finder in sys.meta_path:
            if not any(finder is known for known in before):
                spec = finder.find_spec(fullname, path, target)
                if spec is not None:
                    return spec
        return None


sys.meta_path.insert(0, ImportsEli5TransformersFirst())
