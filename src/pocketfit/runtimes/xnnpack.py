"""Reads from an ExecuTorch program which kinds of nodes XNNPACK was given. Nothing in it is run.

The fields are those of executorch/schema/program.fbs and executorch/backends/xnnpack/serialization/schema.fbs. A part
of a program for a backend stands in the program's flatbuffer or in a segment behind it, and XNNPACK's is a header and
a flatbuffer of its own.
"""

from __future__ import annotations

from collections.abc import Iterable

from pocketfit.runtimes.flatbuffer import Broken, Flatbuffer, Table

BACKEND = "XnnpackBackend"
# Of the program.
EXTENDED_HEADER_AT, EXTENDED_HEADER, SEGMENT_BASE_AT = 8, b"eh00", 24
INLINE_DATA, SEGMENTS = 3, 4
DELEGATE_ID, PROCESSED = 0, 1
LOCATION, INDEX, IN_SEGMENT = 0, 1, 1
DATA = 0
SEGMENT_OFFSET, SEGMENT_SIZE = 0, 1
# Of XNNPACK's part.
HEADER_AT, HEADER, GRAPH_OFFSET_AT, GRAPH_SIZE_AT = 4, b"XH00", 10, 14
IDENTIFIERS = (b"XN00", b"XN01")
NODES, NODE_KIND = 1, 0


def xnnpack_nodes(buffer: Flatbuffer, delegates: Iterable[Table]) -> tuple[int, ...]:
    """List the kinds of nodes, by their numbers in XNodeUnion, each once; what can't be read of them is left out."""
    kinds: dict[int, None] = {}
    for delegate in delegates:
        try:
            if delegate.text(DELEGATE_ID) == BACKEND:
                kinds.update((node.number(NODE_KIND, "B"), None) for node in node_tables(buffer, delegate))
        except Broken:
            # XNNPACK itself says what is wrong with it, when it is loaded.
            continue
    return tuple(sorted(kinds))


def node_tables(buffer: Flatbuffer, delegate: Table) -> tuple[Table, ...]:
    """List the nodes that XNNPACK was given, in the order in which it runs them. Raises Broken."""
    start, size_bytes = _part(buffer, delegate)
    part = Flatbuffer(buffer.file, start, size_bytes)
    if part.read(HEADER_AT, 4) == HEADER:
        part = Flatbuffer(buffer.file, start + part.number(GRAPH_OFFSET_AT, "I"), part.number(GRAPH_SIZE_AT, "I"))
    if part.identifier not in IDENTIFIERS:
        raise Broken("its part for XNNPACK is of no version that is known here")
    return part.root().tables(NODES)


def _part(buffer: Flatbuffer, delegate: Table) -> tuple[int, int]:
    """The place of what a backend was given in the file, and its size in bytes."""
    reference = delegate.table(PROCESSED)
    if reference is None:
        raise Broken("a backend of it was given nothing")
    index = reference.number(INDEX, "I")
    if reference.number(LOCATION, "b") == IN_SEGMENT:
        if buffer.read(EXTENDED_HEADER_AT, 4) != EXTENDED_HEADER:
            raise Broken("it has segments, and does not say where")
        segment = _item(buffer.root().tables(SEGMENTS), index)
        start = buffer.number(SEGMENT_BASE_AT, "Q") + segment.number(SEGMENT_OFFSET, "Q")
        return start, segment.number(SEGMENT_SIZE, "Q")
    return _item(buffer.root().tables(INLINE_DATA), index).place(DATA)


def _item(tables: tuple[Table, ...], index: int) -> Table:
    if index >= len(tables):
        raise Broken(f"it names part {index:,} for a backend, and has {len(tables):,}")
    return tables[index]
