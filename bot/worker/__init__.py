"""Performs what histories ask for: one leader a role, each effect safe to repeat."""

from collections.abc import Mapping

from bot.incident import (
    Answer,
    CaptureState,
    CollectEvidence,
    Effect,
    EvaluateSignals,
    ExpireRequest,
    Reply,
    ShiftTraffic,
    ShowCard,
)
from bot.store.log import Log, Signer
from bot.worker.anchor import Anchoring
from bot.worker.answer import answer, render
from bot.worker.collect import collect
from bot.worker.evaluate import evaluate
from bot.worker.loop import Perform, Worker
from bot.worker.means import Means, record
from bot.worker.rollback import capture, expire, shift
from bot.worker.show import reply, show

DRIVER: Mapping[type[Effect], Perform] = {
    EvaluateSignals: evaluate,
    CollectEvidence: collect,
    ShowCard: show,
    Reply: reply,
    CaptureState: capture,
    ExpireRequest: expire,
    Answer: answer,
}
EXECUTOR: Mapping[type[Effect], Perform] = {ShiftTraffic: shift}


def driver(means: Means, signer: Signer) -> Worker:
    """Return the loop that reads, talks and seals."""
    log = Log(means.store, signer)
    return Worker(means, "driver", DRIVER, _anchoring(means, log) or log)


def _anchoring(means: Means, log: Log) -> Anchoring | None:
    archive = means.archive
    if archive is None:
        return None
    key, every_s = archive.key.public_key(), archive.anchor_every_s
    return Anchoring(log, means.store, archive.heads, key, every_s)


def executor(means: Means) -> Worker:
    """Return the loop that carries out approved changes, and nothing else."""
    return Worker(means, "executor", EXECUTOR)


__all__ = ["Means", "Worker", "driver", "executor", "record", "render"]
