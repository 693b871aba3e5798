"""Public functions in code of the caller that torch compiles."""

from __future__ import annotations

import functools
import sys
from typing import Any, Callable, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])


def uncompiled(function: Function) -> Function:
    """The function, run as it is written where `torch.compile` comes upon a call of it.

    What it does, exchanging a model's vectors and differentiating, is no graph, and torch fails where it makes one of it.
    Imports nothing: who does not compile has not loaded torch's compiler.
    """

    @functools.wraps(function)
    def called(*args: Any, **options: Any) -> Any:
        disable = getattr(sys.modules.get("torch._dynamo"), "disable", None)
        return (function if disable is None else disable(function))(*args, **options)

    return cast(Function, called)
