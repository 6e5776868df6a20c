"""The user's own images: class folders below `train/` and `test/` or `val/`, or a CSV manifest."""

from dataclasses import dataclass
from pathlib import Path

from bench.contracts.data import Places, RawData
from bench.data.folders import list_folders
from bench.data.listing import Listing
from bench.data.manifests import MANIFEST, list_manifest, manifest_in
from bench.data.names import shown
from bench.errors import Unavailable


@dataclass(frozen=True)
class ImageFolder:
    """`DATA_DIR/{train,test}/<class>/*.png`, or `DATA_DIR/manifest.csv`."""

    subfolder: str = "."
    """Where below `DATA_DIR` the folder lies."""
    manifest: str = MANIFEST
    """A CSV of `path,label[,split][,group]`, taken in place of folders where it is there."""

    def _root(self, places: Places) -> Path:
        if places.data_dir is None:
            raise Unavailable("image_folder: no folder is given; write --data-dir FOLDER (make: DATA_DIR=FOLDER)")
        root = places.data_dir / self.subfolder
        if not root.is_dir():
            raise Unavailable(f"{shown(root)}: no such folder; give --data-dir the folder that holds train/")
        if self.manifest != MANIFEST and manifest_in(root, self.manifest) is None:
            raise Unavailable(f"{shown(root / self.manifest)}: no such file; correct `manifest` in the suite")
        return root

    def _listing(self, root: Path) -> Listing:
        manifest = manifest_in(root, self.manifest)
        return list_folders(root) if manifest is None else list_manifest(root, manifest)

    def fingerprint(self, places: Places) -> str | None:
        """Return a hash of what is read: names, classes, parts and contents; null where there is no folder."""
        try:
            root = self._root(places)
        except Unavailable:
            return None
        return self._listing(root).fingerprint(places.cache_dir)

    def load(self, places: Places) -> RawData:
        """Read the folder; a missing split is made from the other one."""
        root = self._root(places)
        # images that are held out are drawn by this name
        name = "image_folder" if manifest_in(root, self.manifest) is None else "manifest"
        return self._listing(root).raw(name)
