"""Campaigns in this process: with one thread for a crew, from the command's own words."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from app import main as command
from app.campaign import command as campaign
from app.campaign.crew import Crew


def without_processes(monkeypatch):
    """Let campaigns run in a thread, so that what a test puts in place of something is seen."""

    @contextmanager
    def one(jobs, dask, sources):
        with ThreadPoolExecutor(1) as pool:
            yield Crew(pool, 1)

    monkeypatch.setattr(campaign, "crew", one)


def run(*words, capsys):
    """Run the command; returns its exit code and what it said."""
    code = command.main([str(word) for word in words])
    return code, capsys.readouterr()
