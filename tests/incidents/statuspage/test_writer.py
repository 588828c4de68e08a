"""Snapshots on disk: switched in one step, cleaned up, safe with several writers."""

import hashlib
import json
import multiprocessing
import os
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from incidents.statuspage import writer
from opsportal import responder
from tests.incidents.statuspage.conftest import NOW


def tree(**files: str) -> dict[str, bytes]:
    """A tree whose files all say the same, so that a mixture is noticed."""
    bodies = {f"{name}.txt": text.encode() for name, text in files.items()}
    digests = {path: hashlib.sha256(body).hexdigest() for path, body in bodies.items()}
    return bodies | {"manifest.json": json.dumps({"digests": digests, "built_at_epoch": 1, "addresses": {}}).encode()}


def write(root: Path, files: dict[str, bytes], minutes: int = 0) -> Path:
    with writer.exclusive(root):
        return writer.write(root, files, at=NOW + timedelta(minutes=minutes))


def versions(root: Path) -> list[str]:
    return sorted(one.name for one in root.iterdir() if one.is_dir() and not one.is_symlink())


def test_readers_follow_one_link_to_the_newest_version(tmp_path):
    write(tmp_path, tree(a="old"))
    newest = write(tmp_path, tree(a="new"), minutes=1)

    assert (tmp_path / "current").resolve() == newest
    assert (tmp_path / "current" / "a.txt").read_text() == "new"
    assert writer.built_at(tmp_path) == NOW + timedelta(minutes=1)


def test_before_the_first_build_there_is_no_time(tmp_path):
    assert writer.built_at(tmp_path) is None
    assert writer.manifest(tmp_path) == {}


def test_the_last_five_versions_are_kept(tmp_path):
    for minute in range(8):
        write(tmp_path, tree(a=str(minute)), minutes=minute)

    assert len(versions(tmp_path)) == writer.KEEP
    assert (tmp_path / "current" / "a.txt").read_text() == "7"


def test_what_did_not_change_is_linked_and_what_did_is_written(tmp_path):
    first = write(tmp_path, tree(same="same", other="old"))
    second = write(tmp_path, tree(same="same", other="new"), minutes=1)

    assert os.stat(first / "same.txt").st_ino == os.stat(second / "same.txt").st_ino
    assert (first / "other.txt").read_text() == "old"
    assert (second / "other.txt").read_text() == "new"


def test_what_a_crashed_writer_left_is_removed(tmp_path):
    write(tmp_path, tree(a="one"))
    (tmp_path / ".unfinished-20261121T000000.000000Z-dead").mkdir()
    (tmp_path / ".unfinished-20261121T000000.000000Z-dead" / "half.txt").write_text("half")
    (tmp_path / ".unfinished-link-dead").symlink_to("nowhere")

    write(tmp_path, tree(a="two"), minutes=1)

    assert not list(tmp_path.glob(".unfinished*"))


def test_a_second_writer_waits_and_gives_up_in_words(tmp_path):
    with writer.exclusive(tmp_path), pytest.raises(writer.Busy), writer.exclusive(tmp_path, within=0.1):
        pass


def test_an_export_replaces_its_files_and_leaves_others(tmp_path):
    (tmp_path / "CNAME").write_text("status.example")
    writer.export(tmp_path, tree(a="one"))
    writer.export(tmp_path, tree(a="two"))

    assert (tmp_path / "a.txt").read_text() == "two"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["CNAME", "a.txt", "manifest.json"]


def test_what_is_taken_off_the_page_leaves_an_exported_folder_and_nothing_else_does(tmp_path):
    folder = tmp_path / "out"
    writer.export(folder, tree(a="kept", b="gone", c="touched"))
    (folder / "c.txt").write_text("somebody else's")
    outside = tmp_path / "b.txt"
    outside.write_text("gone")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["digests"]["../b.txt"] = manifest["digests"]["b.txt"]
    (folder / "manifest.json").write_text(json.dumps(manifest))

    writer.export(folder, tree(a="kept"))

    assert sorted(one.name for one in folder.iterdir()) == ["a.txt", "c.txt", "manifest.json"]
    assert outside.exists()


def test_a_folder_whose_manifest_is_not_ours_is_written_to_all_the_same(tmp_path):
    for foreign in ("no json", "[]", '{"name": "app", "digests": 1}'):
        (tmp_path / "manifest.json").write_text(foreign)

        writer.export(tmp_path, tree(a=foreign))

        assert (tmp_path / "a.txt").read_text() == foreign


def _write_many(root: Path, name: str, count: int) -> None:
    for number in range(count):
        text = f"{name}-{number}"
        write(root, tree(a=text, b=text, c=text), minutes=number)


def test_several_writers_at_once_never_show_half_a_version(tmp_path):
    write(tmp_path, tree(a="start", b="start", c="start"))
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_write_many, args=(tmp_path, f"p{n}", 15)) for n in range(2)]
    threads = [threading.Thread(target=_write_many, args=(tmp_path, f"t{n}", 15)) for n in range(2)]
    writers: list[Any] = [*processes, *threads]
    seen: set[tuple[str, ...]] = set()

    for one in writers:
        one.start()
    while any(one.is_alive() for one in writers):
        try:
            folder = (tmp_path / "current").resolve()
            found = tuple((folder / f"{name}.txt").read_text() for name in "abc")
        except FileNotFoundError:  # five versions passed by while we read; a reader looks again
            continue
        seen.add(found)
    for one in writers:
        one.join()

    assert all(len(set(found)) == 1 for found in seen), seen
    assert len(seen) > 3
    assert not list(tmp_path.glob(".unfinished*"))
    assert len(versions(tmp_path)) == writer.KEEP


def test_the_responder_reads_what_the_writer_wrote(tmp_path):
    version = write(tmp_path, tree(a="one"))

    assert responder.load(version).version == version.name
