"""Findings, made in one line each."""

from hrd.admin.wire.doctor import Finding, FindingState


def fine(subject: str, message: str) -> Finding:
    return Finding(subject=subject, message=message)


def odd(subject: str, message: str, hint: str = "") -> Finding:
    """Works, and may not be what is wanted."""
    return Finding(subject=subject, message=message, state=FindingState.WARNING, hint=hint)


def wrong(subject: str, message: str, hint: str) -> Finding:
    """Keeps something from working."""
    return Finding(subject=subject, message=message, state=FindingState.PROBLEM, hint=hint)
