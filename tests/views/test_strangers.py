"""Pages of explanations that other code made: whatever they hold is text."""

import eli5
from browser import hostile
from markup import faults
from sklearn.tree import DecisionTreeClassifier

from eli5_transformers.escapes import visible_line
from eli5_transformers.views.explanation_page import explanation_page


def test_the_names_in_a_decision_tree_are_text():
    tree = DecisionTreeClassifier(random_state=0).fit([[0, 1], [1, 0], [1, 1], [0, 0]], [0, 0, 1, 1])
    page = explanation_page(eli5.explain_weights(tree, feature_names=[hostile.ALL, f"b {hostile.ALL}"]), "a tree")
    assert faults(page) == []
    assert "b &lt;script&gt;" in page
    assert " ---> " in page
    assert visible_line("\u202e") in page
