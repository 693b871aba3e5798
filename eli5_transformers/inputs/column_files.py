"""Files of columns: parquet, and arrow as a stream or as a file (feather), read by pyarrow a batch at a time."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Iterator, List, Optional, Tuple, Type

from ..errors import MissingDependencyError, short
from .elements import Element
from .sources import Source

_BATCH = 512


class ColumnFile:
    """A parquet or arrow file. Raises InputError for a damaged one, MissingDependencyError without pyarrow."""

    def __init__(self, source: Source, form: str) -> None:
        self._source, self._form = source, form
        with _arrow(), self._said():
            if form == "parquet":
                import pyarrow.parquet

                file = pyarrow.parquet.ParquetFile(self._bytes())
                schema = file.schema_arrow
                self.count: Optional[int] = file.metadata.num_rows
            else:
                with self._reader() as reader:
                    schema = reader.schema
                self.count = self._counted()
            self.names: List[str] = list(schema.names)
            pickled = "extension<arrow.py_extension_type" in schema.to_string()
        if pickled:
            # Older ones make a type of it that runs nothing, and end the process when they are to check its values.
            raise source.refuse("has a column of a type that was pickled: save it as CSV, or install a newer pyarrow")

    def __iter__(self) -> Iterator[Element]:
        number = 0
        try:
            for batch in self._batches():
                batch.validate(full=True)  # damage could end the process otherwise
                columns = [_values(column) for column in batch.columns]
                for row in zip(*columns):
                    number += 1
                    yield Element(number, dict(zip(self.names, row)), unit="row")
        except _errors() as error:
            yield Element(number + 1, error=f"the file is damaged there, and ends: {short(error)}", unit="row")

    def _counted(self) -> Optional[int]:
        try:
            with self._reader() as reader:
                return sum(batch.num_rows for batch in _of_reader(reader))
        except _errors():
            return None  # damage, which the rows say in its place

    def _batches(self) -> Iterator[Any]:
        if self._form == "parquet":
            import pyarrow.parquet

            yield from pyarrow.parquet.ParquetFile(self._bytes()).iter_batches(_BATCH)
            return
        with self._reader() as reader:
            for batch in _of_reader(reader):
                for start in range(0, batch.num_rows, _BATCH):
                    yield batch.slice(start, _BATCH)

    def _reader(self) -> Any:
        import pyarrow.ipc

        opened = pyarrow.ipc.open_file if self._source.head.startswith(b"ARROW1") else pyarrow.ipc.open_stream
        return opened(self._bytes())

    def _bytes(self) -> Any:
        """The file, so that pyarrow can go about in it; in memory where it is packed or a pipe."""
        import pyarrow

        path = self._source.plain_path
        if path is not None:
            return pyarrow.OSFile(path)
        if self._held is None:
            with self._source.open() as stream:
                self._held = stream.read()
        return pyarrow.BufferReader(self._held)

    _held: Optional[bytes] = None

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except _errors() as error:
            raise self._source.refuse(f"is damaged {self._form} data: {short(error)}") from None


def _of_reader(reader: Any) -> Iterator[Any]:
    if hasattr(reader, "num_record_batches"):
        return (reader.get_batch(place) for place in range(reader.num_record_batches))
    return iter(reader)


def _values(column: Any) -> List[Any]:
    """A column as Python has it; dates and what else needs pandas or a class of its own as texts, or as their storage."""
    import pyarrow

    kind = column.type
    if isinstance(kind, pyarrow.ExtensionType):
        return _values(column.storage)
    if pyarrow.types.is_temporal(kind):
        try:
            return column.cast(pyarrow.string()).to_pylist()
        except _errors():
            return [None] * len(column)
    return [_decoded(value) for value in column.to_pylist()] if _is_binary(kind) else column.to_pylist()


def _is_binary(kind: Any) -> bool:
    import pyarrow

    kind = kind.value_type if pyarrow.types.is_dictionary(kind) else kind
    return pyarrow.types.is_binary(kind) or pyarrow.types.is_large_binary(kind)


def _decoded(value: Any) -> Any:
    """Bytes as a text where they are one: Hive, Impala and older programs do not mark strings in parquet."""
    try:
        return value.decode() if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        return value


def _errors() -> Tuple[Type[Exception], ...]:
    import pyarrow

    return (pyarrow.ArrowException, OSError, ValueError, EOFError)


@contextmanager
def _arrow() -> Iterator[None]:
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise MissingDependencyError(
            "parquet and arrow files need pyarrow: pip install 'eli5_transformers[tables]', or save the file as CSV or JSON "
            "Lines"
        ) from None
    yield
