"""No files import each other in a circle, in any room; folders are held by import-linter's contracts."""

from graphlib import CycleError, TopologicalSorter

import grimp
import pytest

ROOMS = ("protocols", "config", "controller", "drivers", "sim", "app")


def order(graph):
    """Give the files in an order in which each comes after all that it imports. Raises CycleError."""
    files = graph.modules
    return list(
        TopologicalSorter({one: graph.find_modules_directly_imported_by(one) for one in files}).static_order()
    )


def test_no_files_of_any_room_import_each_other_in_a_circle():
    graph = grimp.build_graph(*ROOMS, cache_dir=None)
    places = {name: at for at, name in enumerate(order(graph))}
    assert places["protocols.ceilings"] < places["controller.core.session"] < places["app.main"]
    graph.add_import(importer="protocols.ceilings", imported="app.main")
    with pytest.raises(CycleError):
        order(graph)
