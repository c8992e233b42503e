"""Performs what histories ask for: one leader a role, each effect safe to repeat."""

from collections.abc import Mapping

from bot.incident import (
    Answer,
    CaptureState,
    Effect,
    EvaluateSignals,
    ExpireRequest,
    FollowShift,
    Reply,
    ShiftTraffic,
    ShowCard,
    WatchOutcome,
)
from bot.store.log import Log, Signer
from bot.worker.anchor import Anchoring
from bot.worker.answer import answer, render
from bot.worker.evaluate import evaluate
from bot.worker.loop import Perform, Worker
from bot.worker.means import Means, record
from bot.worker.rollback import capture, expire
from bot.worker.shift import follow, shift
from bot.worker.show import reply, show
from bot.worker.watch import watch

DRIVER: Mapping[type[Effect], Perform] = {
    EvaluateSignals: evaluate,
    ShowCard: show,
    Reply: reply,
    CaptureState: capture,
    ExpireRequest: expire,
    WatchOutcome: watch,
    Answer: answer,
}
EXECUTOR: Mapping[type[Effect], Perform] = {ShiftTraffic: shift, FollowShift: follow}


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
