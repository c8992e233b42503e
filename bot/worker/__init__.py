"""Performs what histories ask for: one leader a role, each effect safe to repeat."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.incident import (
    Answer,
    AwaitExecutor,
    CaptureState,
    CollectEvidence,
    Effect,
    Escalate,
    EvaluateSignals,
    ExpireDecision,
    ExpireRequest,
    FindChanges,
    Fold,
    FollowRetraining,
    FollowShift,
    Listen,
    LookInAzure,
    MarkInAzure,
    ProposeRetraining,
    Reconcile,
    RemoveCopy,
    Reply,
    SendDigest,
    ShiftTraffic,
    ShowCard,
    StartClocks,
    SubmitRetraining,
    TellOwner,
    Wake,
    WatchOutcome,
)
from bot.store.log import Log
from bot.worker.anchor import Anchoring
from bot.worker.answer import answer, render
from bot.worker.awaited import await_executor
from bot.worker.before import find
from bot.worker.care import escalate, start_clocks, wake
from bot.worker.collect import collect
from bot.worker.digest import schedule, send
from bot.worker.elsewhere import tell
from bot.worker.evaluate import evaluate
from bot.worker.fold import fold
from bot.worker.listen import listen
from bot.worker.loop import Perform, Worker
from bot.worker.means import Means, record
from bot.worker.portal import look, mark
from bot.worker.reconcile import reconcile
from bot.worker.retraining import propose
from bot.worker.rollback import capture, expire, run_out
from bot.worker.shift import follow, shift
from bot.worker.show import remove, reply, show
from bot.worker.train import follow as follow_job
from bot.worker.train import submit
from bot.worker.watch import watch

Around: TypeAlias = Callable[[Perform], Perform]
DRIVER: Mapping[type[Effect], Perform] = {
    EvaluateSignals: evaluate,
    CollectEvidence: collect,
    ShowCard: show,
    Reply: reply,
    CaptureState: capture,
    ExpireRequest: expire,
    WatchOutcome: watch,
    AwaitExecutor: await_executor,
    ExpireDecision: run_out,
    ProposeRetraining: propose,
    Fold: fold,
    Listen: listen,
    Reconcile: reconcile,
    Answer: answer,
    StartClocks: start_clocks,
    Escalate: escalate,
    Wake: wake,
    SendDigest: send,
    TellOwner: tell,
    RemoveCopy: remove,
    MarkInAzure: mark,
    FindChanges: find,
    LookInAzure: look,
}
EXECUTOR: Mapping[type[Effect], Perform] = {
    ShiftTraffic: shift,
    FollowShift: follow,
    SubmitRetraining: submit,
    FollowRetraining: follow_job,
}


def driver(
    means: Means,
    signer: Ed25519PrivateKey,
    around: Around = lambda p: p,
    announced: Ed25519PrivateKey | None = None,
) -> Worker:
    """Return the loop that reads, talks and seals; `around` may watch each effect."""
    performs = {kind: around(perform) for kind, perform in DRIVER.items()}
    log = Log(means.store, signer, announced)
    return Worker(
        means,
        "driver",
        performs,
        _anchoring(means, log) or log,
        prepare=lambda: schedule(means),
    )


def _anchoring(means: Means, log: Log) -> Anchoring | None:
    archive = means.archive
    if archive is None:
        return None
    key, every_s = archive.key.public_key(), archive.anchor_every_s
    told = archive.anchored
    return Anchoring(log, means.store, archive.heads, key, every_s, told)


def executor(means: Means, around: Around = lambda p: p) -> Worker:
    """Return the loop that carries out approved changes, and nothing else."""
    performs = {kind: around(perform) for kind, perform in EXECUTOR.items()}
    return Worker(means, "executor", performs)


__all__ = ["Means", "Worker", "driver", "executor", "record", "render"]
