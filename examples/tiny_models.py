"""What the notebooks share: a few seconds of training, so that each can make the model that it explains."""

import random
from typing import Any, List, Optional, Sequence

import torch


def train(
    model: torch.nn.Module,
    tokenizer: Any,
    texts: Sequence[str],
    targets: Sequence[Any],
    *,
    text_pairs: Optional[Sequence[str]] = None,
    epochs: int = 3,
    learning_rate: float = 1e-3,
    batch_size: int = 32,
    seed: int = 0,
) -> float:
    """Trains a classifier in place, leaves it in evaluation mode, and returns its accuracy on unseen texts.

    `targets` are class indices, or for several labels a text a list of zeros and ones. The model maps `input_ids` and
    `attention_mask` to logits (batch, classes), or to an output that holds them. The last tenth of the texts is held
    out.
    """
    torch.manual_seed(seed)
    several = isinstance(targets[0], (list, tuple))
    loss_of = torch.nn.BCEWithLogitsLoss() if several else torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    order = list(range(len(texts)))
    held_out, order = order[-len(order) // 10 :], order[: -len(order) // 10]
    steps = epochs * (len(order) // batch_size + 1)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)

    def logits(rows: List[int]) -> torch.Tensor:
        chosen = [[texts[row] for row in rows]]
        if text_pairs is not None:
            chosen.append([text_pairs[row] for row in rows])
        output = model(**tokenizer(*chosen, padding=True, return_tensors="pt"))
        return getattr(output, "logits", output)

    model.train()
    for epoch in range(epochs):
        random.Random(seed + epoch).shuffle(order)
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            wanted = torch.tensor([targets[row] for row in rows])
            loss = loss_of(logits(rows), wanted.float() if several else wanted)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
    model.eval()
    with torch.no_grad():
        found, wanted = logits(held_out), torch.tensor([targets[row] for row in held_out])
    right = (found > 0).long() == wanted if several else found.argmax(-1) == wanted
    return float(right.float().mean())
