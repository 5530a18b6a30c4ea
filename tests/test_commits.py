"""Subjects of commits: ``area: what changes``, in at most 72 characters."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SUBJECT = re.compile(r"(?=.{1,72}$)[a-z][\w ,./-]*: \S.*")
SINCE = "2026-11-28T08:30:00Z"  # older commits are not held to the rule


def git(*arguments: str) -> str | None:
    """Standard output of git in the repository; None where it fails or there is no history."""
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def new_subjects() -> list[str]:
    """Subjects of the commits that the rule holds for."""
    return (git("log", "--no-merges", "--format=%s", f"--since={SINCE}") or "").splitlines()


def test_new_commits_name_their_area_and_are_short():
    if git("rev-parse", "--git-dir") is None:
        pytest.skip("there is no git history")
    assert [subject for subject in new_subjects() if not SUBJECT.match(subject)] == []


@pytest.mark.parametrize("subject", ["Fix", "Models: x", "metrics:x", "metrics: " + "x" * 64, ": x", "metrics: "])
def test_other_subjects_are_refused(subject: str):
    assert not SUBJECT.match(subject)


@pytest.mark.parametrize("subject", ["metrics: AUC of ties", "gaze, first sight: nothing unused", "x: " + "y" * 69])
def test_these_are_subjects(subject: str):
    assert SUBJECT.match(subject)
