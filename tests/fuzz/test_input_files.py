"""Input files of every form, encoding and set of columns, whole and damaged: the right texts, or a sentence, and nothing lost.

The generator knows the texts. Of a whole file all of them are explained, in order. Of a damaged one the rows that the damage
is not in are explained, too, and the damage is named; or the file is refused. No other text is ever explained.
"""

import csv
import gzip
import io
import json
import random
import sys

import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
from explained_files import explained
from tally import tries

from eli5_transformers import load_predictor
from eli5_transformers.adapters import loading
from eli5_transformers.errors import InputError
from eli5_transformers.escapes import visible
from eli5_transformers.inputs import read_rows

PIECES = [
    "it is good", "I like it", "never again", "bad, and slow", 'the "best" of all', "good; bad", "a\tb", "first\nsecond",
    "100 %", "{not json}", "[deleted]", "it's", "naïve café", "#1", "=1+1", "- no", "x | y", "a\\b", "'quoted'", "1, 2, 3", '"',
    "…", "sep=;", "first\n\nthird, with comma", "text,label", "text", "null", "12\" long", "label", "https://a.b/c?d=e,f",
    "\"all of it\"",
]  # fmt: skip
WIDE = ["很好 good", "😀 good", "хорошо good", "مرحبا good"]
# Names of the text, its pair, the label and the id, and the options that they need.
COLUMNS = [
    (("text", None, "label", "id"), ()),
    (("review", None, "stars", None), ()),
    (("Sentence", None, None, "idx"), ()),
    (("sentence", None, None, None), ()),
    (("premise", "hypothesis", "gold_label", None), ()),
    (("question", "sentence", "label", "index"), ()),
    (("sentence1", "sentence2", "is_duplicate", "id"), ()),
    (("What was it?", None, "mood", None), ("--text-column", "What was it?", "--label-column", "mood")),
    (("q", "a", None, "nr"), ("--text-column", "q", "--pair-column", "a", "--id-column", "nr")),
    (("text", "title", "label", None), ("--text-column", "text", "--pair-column", "title")),
]
DAMAGE = ["byte", "nul", "cells", "quote", "quote", "quote", "json", "missing", "cut", "twice"]


class Made:
    """A file and what is in it."""

    def __init__(self, dice, folder):
        self.dice = dice
        (self.names, self.options) = dice.choice(COLUMNS)
        self.form = dice.choice(["lines", "csv", "csv", "csv", "tsv", "jsonl", "jsonl", "json", "json", "parquet", "arrow"])
        if self.form == "lines":
            self.names, self.options = ("text", None, None, None), ()
        self.encoding = "utf-8"
        if self.form not in ("parquet", "arrow"):
            self.encoding = dice.choice(["utf-8"] * 4 + ["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "cp1252"])
        self.rows = [self._row(number) for number in range(1, dice.choice([1, 2, 3, 5, 8, 30]) + 1)]
        self.hurt = dice.randrange(len(self.rows))
        self.damage = dice.choice([None, None, *DAMAGE])
        self.must_fail = False
        self.stem = dice.choice(["r", "r", "my reviews", "data.v1"])
        content = getattr(self, f"_{self.form}")()
        packed = dice.random() < 0.2
        if packed:
            content = gzip.compress(content)
        if self.damage == "cut" and packed and len(content) > 40:
            content = content[: -dice.randint(1, len(content) // 2)]
            self.must_fail = True
        self.file = folder / f"{self.stem}{self._suffix()}{'.gz' if packed else ''}"
        self.file.write_bytes(content)
        self.content = content
        if self.encoding in ("utf-16-le", "cp1252"):
            self.options = (*self.options, "--encoding", self.encoding)

    def _row(self, number):
        pool = PIECES + WIDE * (self.encoding != "cp1252")
        if self.form == "lines":
            pool = [piece for piece in pool if "\n" not in piece and piece[0] != "{"]
        text, pair = (self._text(pool) for _ in range(2))
        values = zip(self.names, (text, pair, self.dice.choice([0, 1, 2]), number))
        return {name: value for name, value in values if name is not None}

    def _text(self, pool):
        picked = " ".join(self.dice.choice(pool) for _ in range(self.dice.choice([1, 1, 2, 4])))
        return f"{self.dice.choice(['good ', 'It is good: ', ''])}{picked} {self.dice.choice(['good', 'I like it', 'again'])}"

    def _suffix(self):
        if self.form == "lines":
            return self.dice.choice([".txt", ".text", ""])
        if self.form in ("json", "jsonl"):
            return self.dice.choice([".json", f".{self.form}"])
        if self.form in ("csv", "tsv") and self.names[2] and not self.options and "Sentence" not in self.names:
            return self.dice.choice([f".{self.form}", f".{self.form}", ".txt", ""])
        return f".{self.form}"

    @property
    def columns(self):
        return [name for name in self.names if name is not None]

    @property
    def table(self):
        return [{name: row[name] for name in self.columns} for row in self.rows]

    def texts(self):
        """What is to be explained of each row."""
        text, pair = self.names[:2]
        return [row[text] if pair is None else (row[text], row[pair]) for row in self.rows]

    def _encoded(self, lines):
        """The file of some strings, one a row, with the damage of bytes in that of the row that is hurt."""
        mark = "\ufeff" if self.encoding in ("utf-8-sig", "utf-16", "utf-32") else ""
        code = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(self.encoding, self.encoding)
        content = [line.encode(code, "replace") for line in lines]
        place = len(lines) - len(self.rows) + self.hurt
        if self.damage == "nul":
            content[place] = self._hurt(lines[place], "good", "go\0d").encode(code, "replace")
            self.must_fail = True
        elif self.damage == "byte" and code == "utf-8":
            line = self._hurt(lines[place], "good", "go\udcffd")
            content[place] = line.encode("utf-8", "surrogateescape")
            self.must_fail = True
        return mark.encode(code) + b"".join(content)

    def _hurt(self, line, old, new):
        return line.replace(old, new, 1) if old in line else line.replace("i", new, 1) if "i" in line else f"{new}{line}"

    def _lines(self):
        return self._encoded([f"{row['text']}\n" for row in self.rows])

    def _csv(self):
        return self._separated(self.dice.choice([",", ",", ";", "|"]))

    def _tsv(self):
        return self._separated("\t")

    def _separated(self, delimiter):
        ending = self.dice.choice(["\n", "\r\n"])
        quoting = self.dice.choice([csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC, csv.QUOTE_ALL])
        order = self.dice.sample(self.columns, len(self.columns))
        lines = []
        for row in [{name: name for name in order}, *self.table]:
            line = io.StringIO()
            cells = [row[name] for name in order]
            csv.writer(line, delimiter=delimiter, quoting=quoting, lineterminator=ending).writerow(cells)
            lines.append(line.getvalue())
        place = self.hurt + 1
        if self.damage == "cells" and len(order) > 1:
            lines[place] = self.dice.choice([lines[place].rstrip("\r\n") + f"{delimiter}more{ending}", f"good{ending}"])
            self.must_fail = True
        elif self.damage == "quote" and delimiter != "\t" and '"' in lines[place]:
            quotes = [at for at, sign in enumerate(lines[place]) if sign == '"']
            # One that closes a cell, of a row in one line without doubled quotes, which are told apart by nothing.
            if '""' not in lines[place] and lines[place].count("\n") == 1:
                at = self.dice.choice(quotes[1::2])
                lines[place] = lines[place][:at] + lines[place][at + 1 :]
                self.must_fail = True
        elif self.damage == "missing" and len(order) > 1:
            cells = ["" if name == self.names[0] else self.rows[self.hurt][name] for name in order]
            line = io.StringIO()
            csv.writer(line, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator=ending).writerow(cells)
            lines[place] = line.getvalue()
            self.must_fail = True
        elif self.damage == "twice":
            lines.insert(place, lines[0])
            self.must_fail = True
        return self._encoded(lines)

    def _jsonl(self):
        lines = [json.dumps(row, ensure_ascii=self.dice.random() < 0.3) for row in self.table]
        text = json.dumps(self.names[0])
        wrong = {
            "json": self.dice.choice([lines[self.hurt][:-1], lines[self.hurt] + "}", "{" + lines[self.hurt]]),
            "missing": json.dumps({**self.table[self.hurt], self.names[0]: self.dice.choice([None, "", float("nan"), 5])}),
            "twice": lines[self.hurt][:-1] + f', {text}: "never"}}',
        }  # fmt: skip
        if self.damage in wrong:
            lines[self.hurt] = wrong[self.damage]
            self.must_fail = True
        return self._encoded([f"{line}\n" for line in lines])

    def _json(self):
        table = self.table
        if self.damage == "missing":
            table[self.hurt] = {**table[self.hurt], self.names[0]: None}
            self.must_fail = True
        orients = ["records", "records", "split", "index", "columns"]
        orient = self.dice.choice(orients if not self.options else orients[:3])
        frame = pd.DataFrame(table, dtype=object)
        content = frame.to_json(orient=orient, indent=self.dice.choice([None, 2]), force_ascii=self.encoding == "cp1252")
        if self.damage == "cut":
            content = content[: -self.dice.randint(2, max(2, len(content) // 2))]
            self.must_fail = True
        if self.damage in ("nul", "byte"):
            self.damage = None  # what they do to one value is tested with lines
        return self._encoded([content] * 1) if len(self.rows) == 1 else self._encoded_alone(content)

    def _encoded_alone(self, content):
        return content.encode(self.encoding)

    def _parquet(self):
        sink = io.BytesIO()
        pa.parquet.write_table(self._arrow_table(), sink)
        return sink.getvalue()

    def _arrow(self):
        sink = io.BytesIO()
        table = self._arrow_table()
        opened = self.dice.choice([pa.ipc.new_stream, pa.ipc.new_file])
        with opened(sink, table.schema) as writer:
            writer.write_table(table, max_chunksize=2)
        return sink.getvalue()

    def _arrow_table(self):
        table = self.table
        if self.damage == "missing":
            table[self.hurt] = {**table[self.hurt], self.names[0]: None}
            self.must_fail = True
        return pa.Table.from_pandas(pd.DataFrame(table), preserve_index=False)


def faults(made, code, found, said):
    """What is wrong with the answer to a file: nothing, or a word."""
    true = made.texts()
    if made.damage is None or not made.must_fail:
        return "" if (code, found) == (0, true) else "not the texts of a whole file"
    if code == 0:
        return "damage without a word"
    if "Traceback" in said or said != visible(said):
        return "no sentence"
    if not found:
        return "" if said.strip() else "silent"
    others = true[: made.hurt] + true[made.hurt + 1 :]
    if made.damage == "cut":
        return "" if found == true[: len(found)] and len(found) <= len(true) else "other texts than before the cut"
    return "" if found in (others, true) else "lost, or another text"


def report(failed):
    for made, what, found, said in failed[:5]:
        print(what, made.file.name, made.form, made.encoding, made.damage, made.options, made.content[:1500])
        print("   true", made.texts(), "hurt", made.hurt, "\n   found", found, "\n   said", said)


def test_every_file_ends_in_its_texts_or_in_a_sentence(tally, tmp_path, stars_checkpoint, monkeypatch):
    predictor = load_predictor(stars_checkpoint)
    # The same model for each file: what is tried is the way from the file to the explained texts.
    monkeypatch.setattr(loading, "load_predictor", lambda *given, **options: predictor)
    count, failed = tries(400, 20), []
    for seed in range(count):
        made = Made(random.Random(seed), tmp_path)
        code, found, said = explained(stars_checkpoint, made.file, *made.options, "--interpreter", "gradient-x-input")
        what = faults(made, code, found, said)
        if what:
            failed.append((made, what, found, said))
    report(failed)
    tally("input files through the command", count, len(failed))


def test_every_row_has_its_label_and_id_or_an_error(tally, tmp_path, monkeypatch):
    count, failed = tries(4000, 300), []
    for seed in range(count):
        made = Made(random.Random(10_000 + seed), tmp_path)
        options = dict(zip(made.options[::2], made.options[1::2]))
        named = {name[2:].replace("-", "_"): value for name, value in options.items()}
        file = made.file
        if seed % 5 == 0 and (made.form not in ("csv", "tsv", "lines") or (not made.options and len(made.columns) > 1)):
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(made.file.read_bytes())))
            file = "-" if made.file.suffix not in (".csv", ".tsv") or made.file.suffix == ".gz" else file
        try:
            rows = list(read_rows(file, **named))
        except InputError as error:
            rows, said = [], str(error)
        else:
            said = "; ".join(row.error for row in rows if row.error)
        good = [row for row in rows if row.error is None]
        found = [row.text if row.text_pair is None else (row.text, row.text_pair) for row in good]
        what = faults(made, int(bool(said)), found, said)
        if not what and made.damage is None:
            expected = [[row.get(name or "") for name in made.names[2:]] for row in made.rows]
            if [[row.label, row.id] for row in good] not in (expected, _strings(expected)):
                what = "another label or id"
        if what:
            failed.append((made, what, found, said))
    report(failed)
    tally("input files read", count, len(failed))


def _strings(rows):
    return [[None if value is None else str(value) for value in row] for row in rows]
