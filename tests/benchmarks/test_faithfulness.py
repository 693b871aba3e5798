"""The tables of the benchmark over architectures, from two small models, and the networks that its models begin with."""

import json

import pytest
import torch
from closeness import assert_close

from benchmarks import faithfulness, models
from eli5_transformers import evaluate_faithfulness, load_predictor
from eli5_transformers.huggingface import classifiers

TEXTS = ["Not buying it any sooner", "I love it and it works", "bad quality and no service"]


@pytest.fixture(scope="module")
def found(stars_checkpoint):
    methods = ({"type": "linearization"}, {"type": "occlusion"}, {"type": "simple-gradient"})
    predictor = load_predictor(stars_checkpoint)
    one = evaluate_faithfulness(predictor, TEXTS, interpreters=methods, orders=5)
    return {("a", "film reviews"): one, ("a", "tweets"): one}


def test_every_table_has_a_row_a_method(found, capsys):
    faithfulness.leaders_table(found)
    faithfulness.measure_table("removal", "sufficiency", "tweets", {"a": found["a", "tweets"], "b": found["a", "tweets"]})
    faithfulness.cost_table(found)
    tables = capsys.readouterr().out.split("\n### ")[1:]
    for table in tables:
        assert all(f"\n| {name} |" in table for name in ("linearization", "occlusion", "simple-gradient"))
    assert "| random order |" in tables[1]
    assert " * (" not in tables[1]


def test_what_flatters_a_method_has_a_star(found, capsys):
    faithfulness.measure_table("mask", "comprehensiveness", "tweets", {"a": found["a", "tweets"]})
    rows = capsys.readouterr().out.splitlines()
    assert [" * (" in row for row in rows if row.startswith(("| occlusion", "| linearization"))].count(True) == 1
    assert any(row.startswith("| occlusion") and " * (" in row for row in rows)


def test_a_method_that_leads_is_counted(found, capsys):
    faithfulness.leaders_table(found)
    out = capsys.readouterr().out
    best = {(one.operator, one.measure): one for one in found["a", "tweets"].best()}
    leader = best["mask", "comprehensiveness"].method
    (row,) = [line for line in out.splitlines() if line.startswith(f"| {leader} |")]
    assert row.split("|")[2].strip() == "2"


def test_a_distilbert_begins_as_the_bert_that_it_is_made_of(tmp_path, stars_checkpoint):
    """But for the pooler, which it has not: the same weights give the same vectors."""
    from transformers import AutoModel

    models.write_network("DistilBERT", stars_checkpoint, tmp_path / "made")
    ids = torch.tensor([[2, 30, 41, 52, 3]])
    bert, distilbert = (AutoModel.from_pretrained(str(folder)).eval() for folder in (stars_checkpoint, tmp_path / "made"))
    with torch.no_grad():
        first, second = (model(ids).last_hidden_state for model in (bert, distilbert))
    assert_close(first, second)


@pytest.mark.current  # transformers 4.20 has no Llama
def test_a_llama_begins_with_the_same_word_vectors(tmp_path, stars_checkpoint):
    models.write_network("Llama", stars_checkpoint, tmp_path / "made")
    assert json.loads((tmp_path / "made" / "config.json").read_text())["model_type"] == "llama"
    made = classifiers.from_checkpoint(str(tmp_path / "made"), classifiers.read_config(str(tmp_path / "made"))).model
    vectors = made.get_input_embeddings().weight
    own = classifiers.from_checkpoint(str(stars_checkpoint), classifiers.read_config(str(stars_checkpoint))).model
    given = own.get_input_embeddings().weight
    assert_close(vectors / vectors.std(), given / given.std())


def test_what_the_recipe_leaves_is_asked_for(tmp_path):
    with pytest.raises(FileNotFoundError, match="make bundled-model"):
        models.trained(tmp_path)
