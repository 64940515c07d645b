"""The client's files: named by a hash, packed, told beforehand; one that is missing is told at the start."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from chatnet.pages import Pages, PagesError, read

WHOLE = {
    "index.html": "<!doctype html><html><head><title>x</title>\n"
    '<link rel="stylesheet" href="/app/style.css">\n'
    '<script type="module" src="/app/main.js"></script></head><body></body></html>',
    "sw.js": "const app = '/app/main.js';",
    "manifest.webmanifest": '{"src": "/app/icons/a.png"}',
    "favicon.svg": "<svg/>",
    "__init__.py": "secret",
    "other/x.js": "not ours",
    "app/style.css": "body { color: red }\n" * 50,
    "app/main.js": 'import {\n  a,\n  b,\n} from "./one.js";\nimport "./two.js";\n'
    'const later = () => import("./operate.js");\n// from "./nowhere.js"\n',
    "app/one.js": "export * from './three.js';\nexport const a = 1, b = 2;\n",
    "app/two.js": 'import { a } from "./one.js"\n',
    "app/three.js": 'import en from "./words/en.js";\nexport const x = from("./four.js");\n',
    "app/words/en.js": "export default {};\n",
    "app/operate.js": 'import { a } from "./one.js";\n',
    "app/icons/a.png": "\x89PNG",
    "app/notes.txt": "not ours",
}


def write(folder: Path, **changed: str) -> Pages:
    for name, text in (WHOLE | changed).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode("latin-1"))
    return read(folder)


def test_all_files_are_given_out_by_their_paths(tmp_path: Path) -> None:
    pages = write(tmp_path)
    app = f"/app/{pages.version}/"
    names = (
        "style.css",
        "main.js",
        "one.js",
        "two.js",
        "three.js",
        "words/en.js",
        "operate.js",
        "icons/a.png",
    )
    assert pages.files.keys() == {
        "/sw.js",
        "/favicon.svg",
        "/manifest.webmanifest",
        *(app + name for name in names),
    }
    assert pages.files["/sw.js"].data == WHOLE["sw.js"].encode()
    assert pages.files["/manifest.webmanifest"].data == f'{{"src": "{app}icons/a.png"}}'.encode()
    assert pages.files[f"{app}icons/a.png"].data == b"\x89PNG"
    assert pages.files[f"{app}main.js"].kind == "text/javascript; charset=utf-8"
    style = pages.files[f"{app}style.css"]
    assert style.packed is not None and gzip.decompress(style.packed) == style.data
    assert pages.files["/favicon.svg"].packed is None


def test_what_is_needed_at_once_is_told_beforehand(tmp_path: Path) -> None:
    pages = write(tmp_path)
    told = re.findall(rf'<link rel="modulepreload" href="/app/{pages.version}/([^"]+)">', pages.page)
    assert told == ["one.js", "two.js", "three.js", "words/en.js"]
    assert f'src="/app/{pages.version}/main.js"' in pages.page
    assert pages.page.count("/app/") == pages.page.count(f"/app/{pages.version}/") == 6


def test_what_is_needed_next_is_told_for_when_it_is_wanted(tmp_path: Path) -> None:
    page = '<script src="/app/two.js"></script><template id="later" data-of="main.js"></template><p>'
    pages = write(tmp_path, **{"index.html": page})
    app = f"/app/{pages.version}/"
    links = "".join(
        f'<link rel="modulepreload" href="{app}{name}">' for name in ("main.js",)
    )  # the others are needed first
    assert f'<template id="later">{links}</template><p>' in pages.page
    assert pages.page.count(app) == 2


def test_any_change_changes_the_name(tmp_path: Path) -> None:
    versions = {write(tmp_path).version, write(tmp_path).version}
    assert len(versions) == 1
    versions.add(write(tmp_path, **{"app/three.js": "export {};"}).version)
    versions.add(write(tmp_path, **{"app/new.js": ""}).version)
    assert len(versions) == 3


def test_the_page_tells_its_script_of_the_server(tmp_path: Path) -> None:
    pages = write(tmp_path)
    page = pages.index("A & \\1 B", {"title": '"<script>'})
    text = page.data.decode()
    assert "<title>A &amp; \\1 B</title>" in text
    assert '<meta name="chatnet" content="{&quot;title&quot;:&quot;\\&quot;&lt;script&gt;&quot;}">' in text
    assert page.tag != pages.index("A", {}).tag


@pytest.mark.parametrize(
    ("name", "text", "missing"),
    [
        ("index.html", '<link href="/app/none.css">', "app/none.css"),
        ("index.html", '<template id="later" data-of="none.js">', "app/none.js"),
        ("manifest.webmanifest", '{"src": "/app/none.png"}', "app/none.png"),
        ("app/one.js", 'import "./none.js";', "app/none.js"),
        ("app/one.js", 'import("./none.js");', "app/none.js"),
        ("app/words/en.js", 'export { a } from "../none.js";', "app/none.js"),
    ],
)
def test_a_file_that_is_missing_is_named(tmp_path: Path, name: str, text: str, missing: str) -> None:
    with pytest.raises(PagesError, match=f"^the web client's file {missing} is missing, which {name} needs$"):
        write(tmp_path, **{name: text})


def test_without_a_page_there_is_no_client(tmp_path: Path) -> None:
    with pytest.raises(PagesError, match=r"^the web client's file index\.html is missing$"):
        read(tmp_path)
    with pytest.raises(PagesError, match=r"^the web client cannot be read: No such file or directory$"):
        read(tmp_path / "nowhere")


def test_ours_is_whole() -> None:
    assert read().page.startswith("<!doctype html>")
