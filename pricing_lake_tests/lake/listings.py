"""A file system of a folder that counts how often a folder is listed, which on S3 is what a look costs."""

from pathlib import Path
from typing import Any

from pyarrow import fs


class CountedListings(fs.FileSystemHandler):
    """Hands everything on to a real file system below `root`."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root, self.listings = root, 0
        self.real = fs.SubTreeFileSystem(str(root), fs.LocalFileSystem())

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def get_type_name(self) -> str:
        return "counted"

    def normalize_path(self, path: str) -> str:
        return path

    def get_file_info(self, paths: list[str]) -> list[fs.FileInfo]:
        return list(self.real.get_file_info(paths))

    def get_file_info_selector(self, selector: fs.FileSelector) -> list[fs.FileInfo]:
        self.listings += 1
        return list(self.real.get_file_info(selector))

    def create_dir(self, path: str, recursive: bool) -> None:
        self.real.create_dir(path, recursive=recursive)

    def delete_dir(self, path: str) -> None:
        self.real.delete_dir(path)

    def delete_dir_contents(self, path: str, missing_dir_ok: bool = False) -> None:
        self.real.delete_dir_contents(path, missing_dir_ok=missing_dir_ok)

    def delete_root_dir_contents(self) -> None:
        raise PermissionError

    def delete_file(self, path: str) -> None:
        self.real.delete_file(path)

    def move(self, src: str, dest: str) -> None:
        self.real.move(src, dest)

    def copy_file(self, src: str, dest: str) -> None:
        self.real.copy_file(src, dest)

    def open_input_stream(self, path: str) -> Any:
        return self.real.open_input_stream(path)

    def open_input_file(self, path: str) -> Any:
        return self.real.open_input_file(path)

    def open_output_stream(self, path: str, metadata: Any) -> Any:
        return self.real.open_output_stream(path, metadata=metadata)

    def open_append_stream(self, path: str, metadata: Any) -> Any:
        return self.real.open_append_stream(path, metadata=metadata)
