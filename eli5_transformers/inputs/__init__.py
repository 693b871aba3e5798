"""Files as people have them, of lines, JSON or tables, to rows of texts, pairs, labels and ids."""

from .forms import FORMS
from .reading import read_rows
from .rows import Row, Rows

__all__ = ["FORMS", "Row", "Rows", "read_rows"]
