"""Which files are images: by their endings, and by their first bytes where an ending says nothing."""

import functools
import os
import re
from enum import Enum

from PIL import features

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".ppm", ".pgm", ".tif", ".tiff", ".webp"})
"""Of files that are taken unseen. Where one holds no image, it is named when it is decoded."""
NO_IMAGES = frozenset(
    {".txt", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".md", ".rst", ".html", ".htm", ".url", ".log"}
    | {".db", ".ini", ".lnk", ".py", ".ipynb", ".sh", ".m", ".md5", ".sha256", ".toml", ".cfg", ".names", ".tmp"}
)
"""Of files that lie beside images and are none."""
OTHER_KINDS = frozenset(
    {".heic", ".heif", ".svg", ".svgz", ".eps", ".ps", ".pdf", ".psd", ".xcf", ".ai", ".jxl", ".jp2", ".j2k", ".ico"}
    | {".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".raw", ".exr", ".hdr", ".tga", ".pcx", ".dds"}
    | {".dcm", ".nii", ".mha", ".svs", ".npy", ".npz", ".mat", ".h5", ".hdf5", ".pkl", ".parquet", ".lmdb", ".tfrecord"}
    | {".mp4", ".mov", ".avi", ".mkv", ".webm", ".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar"}
)
"""Of files that are, or hold, images of a kind that is not read here. Raw photographs look like TIFF by their bytes."""
FIRST_BYTES = 32
_READ = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|II\*\0|MM\0\*|RIFF....WEBP|P[1-6]\s"
    # of a bitmap the size of its second header too: two letters alone begin many a text
    rb"|BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0",
    re.DOTALL,
)
_AVIF = re.compile(rb"....ftypavi[fs]", re.DOTALL)
_NOT_READ = re.compile(
    rb"....ftyp(hei|hev|mif|msf)|\xff\x0a|\0\0\0\x0cJXL |\0\0\0\x0cjP  |%PDF|%!PS|8BPS|PK\x03\x04|<svg", re.DOTALL
)


class Kind(Enum):
    """What a file is, as far as can be told without decoding it."""

    IMAGE = "an image"
    UNUSUAL = "an image by its first bytes"
    OTHER = "of a kind that is not read here"
    NONE = "no image, by its ending"
    UNKNOWN = "no image, by its first bytes"


def ending_of(name: str) -> str:
    """Return the ending of a file's name in small letters, with its dot; empty where there is none."""
    return os.path.splitext(name)[1].lower()


def kind_of(path: str) -> Kind:
    """Say what a file is. It is opened only where its ending says nothing; raise `OSError` where it can't be."""
    ending = ending_of(path)
    if ending in ENDINGS:
        return Kind.IMAGE
    if ending in NO_IMAGES:
        return Kind.NONE
    return Kind.OTHER if ending in OTHER_KINDS else _by_first_bytes(path)


def _by_first_bytes(path: str) -> Kind:
    with open(path, "rb") as stream:
        first = stream.read(FIRST_BYTES)
    if _READ.match(first) or (_AVIF.match(first) and reads_avif()):
        return Kind.UNUSUAL
    return Kind.OTHER if _NOT_READ.match(first) or _AVIF.match(first) else Kind.UNKNOWN


@functools.cache
def reads_avif() -> bool:
    """Say whether this installation of Pillow reads AVIF."""
    return bool(features.check("avif"))
