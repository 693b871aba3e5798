"""Makes `import allennlp` import eli5_transformers first, so that the order of the two imports does not matter.

`eli5_transformers.pth`, beside this file in site-packages, imports it whenever Python starts: it costs microseconds and
imports nothing but what Python has loaded by then. It stands alone, because it runs where eli5_transformers is broken,
too, or gone (the clone of an editable install that was moved).
"""

import sys


class ImportsEli5TransformersFirst:
    """A finder that imports eli5_transformers when AllenNLP is looked for, and finds nothing itself."""

    def find_spec(self, fullname, path=None, target=None):
        """What the finders that eli5_transformers puts in wait find for "allennlp"; None for all else."""
        if fullname != "allennlp":
            return None
        before = list(sys.meta_path)
        try:
            import eli5_transformers  # noqa: F401  importing it is all
        except ModuleNotFoundError as error:
            if error.name != "eli5_transformers":
                raise
        # They stand at the head of the list now, where the look-up that came to this finder has passed already.
        for finder in sys.meta_path:
            if not any(finder is known for known in before):
                spec = finder.find_spec(fullname, path, target)
                if spec is not None:
                    return spec
        return None


sys.meta_path.insert(0, ImportsEli5TransformersFirst())
