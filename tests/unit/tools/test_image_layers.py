from __future__ import annotations

from tools.image_layers import BEGIN, END, PAGE, table


def test_layers_are_named_and_those_of_one_name_are_one_row() -> None:
    layers = [
        ("", 100_000_000),
        ("/bin/sh -c apt-get install adb", 300_000_000),
        ("COPY requirements/install-torch.sh", 20_000),
        ("|1 TORCH_INDEX=x /bin/sh -c requirements/install-torch.sh", 900_000_000),
        ("/bin/sh -c #(nop) WORKDIR /work", 0),
    ]
    assert table(layers, 147_000_000).splitlines()[2:] == [
        "| base | 100.0 MB |",
        "| git, adb, QEMU | 300.0 MB |",
        "| torch, torchvision, executorch, torchao | 900.0 MB |",
        "| all of it | 1,300.0 MB |",
        "| without torch's layer | 400.0 MB |",
        "| the small image, of `comment/action.yml` | 147.0 MB |",
    ]


def test_the_page_has_its_place_for_them() -> None:
    text = PAGE.read_text()
    assert text.count(BEGIN) == text.count(END) == 1
    assert "| without torch's layer |" in text
