"""What a process looks like to the one whose process it is: taken before and after what a guest does in it."""

import builtins
import gc
import locale
import logging
import multiprocessing
import os
import pickle
import random
import signal
import sys
import threading
import warnings


def _torch():
    import torch

    names = (
        "get_default_dtype", "is_grad_enabled", "is_inference_mode_enabled", "get_num_threads", "get_num_interop_threads",
        "are_deterministic_algorithms_enabled", "is_anomaly_enabled", "is_warn_always_enabled",
        "get_float32_matmul_precision", "get_default_device",
    )  # fmt: skip
    flags = {name: str(getattr(torch, name)()) for name in names if hasattr(torch, name)}
    for backend, held in (("cudnn", ("enabled", "benchmark", "deterministic", "allow_tf32")), ("mkldnn", ("enabled",))):
        module = getattr(torch.backends, backend)
        flags.update({f"{backend}.{name}": getattr(module, name) for name in held if hasattr(module, name)})
    hooks = ("_global_forward_hooks", "_global_forward_pre_hooks", "_global_backward_hooks")
    return {
        **flags,
        "sharing": torch.multiprocessing.get_sharing_strategy(),
        "printing": str(vars(torch._tensor_str.PRINT_OPTS)),
        "hooks": [len(getattr(torch.nn.modules.module, name)) for name in hooks],
        "files": (torch.load, torch.save),
    }


def _loggers():
    known = logging.root.manager.loggerDict
    return {
        name: (type(logger), logger.level, logger.disabled, logger.propagate, list(logger.handlers), list(logger.filters))
        for name, logger in known.items()
        if isinstance(logger, logging.Logger)
    }


def state():
    """By name, what is to be as it was. The libraries that it is of are imported."""
    import numpy
    import torch
    import transformers
    from tqdm import tqdm

    root = logging.getLogger()
    held = {
        "class of new loggers": logging.getLoggerClass(),
        "a new logger": type(logging.getLogger(f"new.{len(logging.root.manager.loggerDict)}")),
        "record factory": logging.getLogRecordFactory(),
        "loggers": _loggers(),
        "root logger": (root.level, list(root.handlers), list(root.filters), root.manager.disable),
        "level names": dict(logging._nameToLevel),
        "warnings": (list(warnings.filters), warnings.showwarning, warnings.formatwarning),
        "random.random": random.getstate(),
        "numpy.random": repr(numpy.random.get_state()),
        "torch random": torch.get_rng_state().tolist(),
        "numpy": (str(numpy.get_printoptions()), numpy.geterr()),
        "torch": _torch(),
        "transformers": (transformers.logging.get_verbosity(), transformers.utils.logging._tqdm_active),
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "sys.path": (list(sys.path), list(sys.path_hooks)),
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "hooks": (sys.excepthook, sys.displayhook, sys.unraisablehook, sys.breakpointhook, threading.excepthook),
        "tracing": (sys.gettrace(), sys.getprofile()),
        "limits": (sys.getrecursionlimit(), sys.getswitchinterval(), sys.dont_write_bytecode),
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "garbage": (gc.isenabled(), gc.get_threshold(), list(gc.callbacks), gc.get_debug()),
        "locale": locale.setlocale(locale.LC_ALL),
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "start method": multiprocessing.get_start_method(allow_none=True),
        "pickle": (pickle.load, pickle.loads, pickle.Unpickler, pickle.dump, pickle.dumps, pickle.Pickler),
        # By a capsule there modules in C++ find each other.
        "builtins": {name: value for name, value in vars(builtins).items() if name != "_" and "pybind11" not in name},
        "tqdm": (tqdm.monitor_interval, vars(tqdm).get("monitor"), vars(tqdm).get("_lock")),
    }
    if "datasets" in sys.modules:
        held["datasets"] = sys.modules["datasets"].logging.get_verbosity()
    if "matplotlib" in sys.modules:
        held["matplotlib"] = dict.copy(sys.modules["matplotlib"].rcParams)
    if "pandas" in sys.modules:
        held["pandas"] = [str(sys.modules["pandas"].get_option(f"display.max_{name}")) for name in ("rows", "colwidth")]
    return held


def changes(before, after):
    """What differs, by name: (as it was, as it is). Of loggers those alone that were there before."""
    found = {}
    for name, was in before.items():
        now = after[name]
        if name == "loggers":
            was, now = was, {logger: now.get(logger) for logger in was}
        if was != now:
            if isinstance(was, dict) and isinstance(now, dict):
                found[name] = {key: (was.get(key), now.get(key)) for key in {*was, *now} if was.get(key) != now.get(key)}
            else:
                found[name] = (was, now)
    return found
