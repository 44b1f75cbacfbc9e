"""Says loudly where the kernel lane did not run, since a skipped test is easily overlooked."""

from kernel_lane import why_not


def pytest_terminal_summary(terminalreporter):
    if reason := why_not():
        terminalreporter.section("kernel lane NOT RUN", yellow=True)
        terminalreporter.line(f"The hardware path was not tried on a kernel: {reason}.")
