"""TensorFlow checkpoints ("tensor bundles") read without TensorFlow: plain bytes to float32 arrays.

A bundle is an index, which is a LevelDB table from names to protocol buffers, and a data file
that holds the tensors end to end. Nothing in either is ever executed.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import AssetError

__all__ = ["read_tensors"]

TABLE_MAGIC = 0xDB4775248B80FB57
"""The last eight bytes of every LevelDB table."""

FOOTER_BYTES = 48
FLOAT32 = 1
"""TensorFlow's number for the dtype."""

VARINT, FIXED_64, BYTES, FIXED_32 = 0, 1, 2, 5
"""Wire types of protocol buffers."""

DTYPE_FIELD, SHAPE_FIELD, OFFSET_FIELD, SIZE_FIELD = 1, 2, 4, 5
"""Fields of TensorFlow's BundleEntryProto."""

DIMENSION_FIELD = 2
"""Field of TensorShapeProto; in each dimension, field 1 is its size."""


def read_tensors(index: bytes, data: bytes) -> dict[str, NDArray[np.float32]]:
    """Return every float32 tensor of a checkpoint by name.

    Parameters
    ----------
    index, data : bytes
        Contents of ``.index`` and ``.data-00000-of-00001``.

    Returns
    -------
    dict of str to float32 array
        Tensors of other types are left out.

    Raises
    ------
    AssetError
        If the bytes are no such checkpoint, are cut short or are compressed.
    """
    try:
        return dict(_tensors(index, data))
    except (IndexError, KeyError, ValueError, struct.error) as error:
        raise AssetError(
            f"checkpoint: wanted a TensorFlow tensor bundle, found {len(index)} bytes of index "
            f"and {len(data)} of data that are none ({error}); fetch it again"
        ) from None


def _tensors(index: bytes, data: bytes) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Walk the table's root block, the blocks that it points to, and the entries in those."""
    footer = index[-FOOTER_BYTES:]
    if len(footer) < FOOTER_BYTES or struct.unpack("<Q", footer[-8:])[0] != TABLE_MAGIC:
        raise ValueError("no magic number at the end")
    cursor = _Cursor(footer)
    _meta_offset, _meta_size = cursor.varint(), cursor.varint()
    for _, handle in _block(index, cursor.varint(), cursor.varint()):
        pointer = _Cursor(handle)
        for name, entry in _block(index, pointer.varint(), pointer.varint()):
            fields = dict(_fields(entry))
            if name and fields.get(DTYPE_FIELD) == FLOAT32:
                yield name.decode(), _tensor(entry, data)


@dataclass
class _Cursor:
    """A place in some bytes that moves on as they are read."""

    content: bytes
    place: int = 0

    def varint(self) -> int:
        """Read an integer of seven bits a byte, the lowest first."""
        value = shift = 0
        while True:
            byte = self.content[self.place]
            self.place += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def take(self, count: int) -> bytes:
        """Read ``count`` bytes."""
        taken = self.content[self.place : self.place + count]
        if len(taken) != count:
            raise ValueError("cut short")
        self.place += count
        return taken


def _block(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys and values of a block; a key gives only what differs from the last one."""
    if table[offset + size] != 0:
        raise ValueError("compressed block")
    block = _Cursor(table, offset).take(size)
    (restarts,) = struct.unpack("<I", block[-4:])
    cursor, key = _Cursor(block[: size - 4 - 4 * restarts]), b""
    while cursor.place < len(cursor.content):
        shared, added, length = cursor.varint(), cursor.varint(), cursor.varint()
        key = key[:shared] + cursor.take(added)
        yield key, cursor.take(length)


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the numbered fields of a protocol buffer."""
    cursor = _Cursor(message)
    while cursor.place < len(message):
        number, wire = divmod(cursor.varint(), 8)
        if wire == VARINT:
            yield number, cursor.varint()
        else:
            fixed = {FIXED_64: 8, FIXED_32: 4}
            yield number, cursor.take(cursor.varint() if wire == BYTES else fixed[wire])


def _tensor(entry: bytes, data: bytes) -> NDArray[np.float32]:
    """Cut out the tensor that an entry describes."""
    fields = dict(_fields(entry))
    offset, size = fields.get(OFFSET_FIELD, 0), fields.get(SIZE_FIELD, 0)
    shape_message = fields.get(SHAPE_FIELD, b"")
    if not isinstance(offset, int) or not isinstance(size, int) or isinstance(shape_message, int):
        raise ValueError("an entry of another kind")
    shape = []
    for number, dimension in _fields(shape_message):
        if number == DIMENSION_FIELD and isinstance(dimension, bytes):
            shape.append(dict(_fields(dimension)).get(1, 0))
    flat = np.frombuffer(_Cursor(data, offset).take(size), "<f4")
    return flat.reshape([length for length in shape if isinstance(length, int)]).astype(np.float32)
