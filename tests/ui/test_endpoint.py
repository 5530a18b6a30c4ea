"""The endpoint `compare` over the wire: what a client gets, and what becomes of everything that is no picture."""

from __future__ import annotations

import base64
import json
import zipfile
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from saliency.archive.recorded import read_recorded, replay
from saliency.ui.shared.examples import FOLDER
from saliency.ui.shared.guard import NOT_TAKEN, UNEXPECTED
from saliency.ui.shared.sentences import chinese
from tests.pictures import COFFEE


@pytest.fixture(scope="module")
def client(address, tmp_path_factory):
    return Client(address, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))


def test_three_models_and_four_sentences_give_twelve_maps_and_their_numbers(client):
    view = client.predict(
        handle_file(COFFEE),
        general="A cup of coffee on a table.",
        salient="A red cup.",
        non_salient="A wooden table.",
        models=["gsgnet", "clip_salgan", "tranblend"],
        api_name="/compare",
    )
    assert [model["name"] for model in view["models"]] == ["gsgnet", "clip_salgan", "tranblend"]
    assert [condition["name"] for condition in view["conditions"]] == ["pure", "general", "salient", "non_salient"]
    assert len({(sent["model"], sent["condition"]) for sent in view["maps"]}) == 12
    for sent in view["maps"]:
        grey = np.asarray(Image.open(BytesIO(base64.b64decode(sent["png"].split(",")[1]))))
        assert (grey.min(), grey.max()) == (0, 255)
        assert 0 <= sent["low"] < 1 < sent["high"]
    moved, agree = view["tables"]
    assert len(moved["rows"]) == 9
    assert len(agree["rows"]) == 4


def test_a_large_picture_is_a_file_beside_the_small_copy(client, tmp_path):
    Image.new("RGB", (3000, 1500), "teal").save(tmp_path / "large.jpg")
    small, large = (
        client.predict(handle_file(path), models=["clip_salgan"], api_name="/compare")["picture"]
        for path in (COFFEE, tmp_path / "large.jpg")
    )
    assert small["large"] is None
    assert (large["width"], large["height"]) == (720, 360)
    with Image.open(large["large"]["path"] if isinstance(large["large"], dict) else large["large"]) as picture:
        assert (picture.format, picture.size) == ("JPEG", (2560, 1280))


def test_sentences_and_models_have_defaults(client):
    view = client.predict(handle_file(COFFEE), api_name="/compare")
    assert [condition["name"] for condition in view["conditions"]] == ["pure"]
    assert "transalnet" not in [model["name"] for model in view["models"]]


def test_ground_truth_is_scored(client, tmp_path):
    Image.open(COFFEE).convert("L").save(tmp_path / "density.png")
    (tmp_path / "fixations.csv").write_text("x,y\n300,200\n310,190\n")
    view = client.predict(
        handle_file(COFFEE),
        salient="A cup.",
        models=["gsgnet"],
        density=handle_file(tmp_path / "density.png"),
        fixations=handle_file(tmp_path / "fixations.csv"),
        truth_condition="salient",
        api_name="/compare",
    )
    truth = view["tables"][0]
    assert truth["columns"] == ["model", "condition", "CC", "SIM", "KL", "NSS", "AUC"]
    assert [row[0] for row in truth["rows"]] == ["gsgnet", "centre_bias"]
    assert view["people"]["condition"] == "salient"
    assert sorted(view["people"]["dots"]) == [[300, 200], [310, 190]]


def test_a_mask_is_compared_with_maps_after_every_sentence(client, tmp_path):
    Image.effect_noise((60, 40), 90).point(lambda value: 255 * (value > 128)).save(tmp_path / "mask.png")
    mask = handle_file(tmp_path / "mask.png")
    view = client.predict(handle_file(COFFEE), salient="A cup.", models=["gsgnet"], mask=mask, api_name="/compare")
    table = view["tables"][0]
    assert table["name"] == "objects"
    assert [row[:2] for row in table["rows"]] == [["gsgnet", "pure"], ["gsgnet", "salient"], ["centre_bias", "pure"]]
    assert view["people"] is None


def test_a_file_in_other_units_is_scored_by_the_options_of_its_reader(client, tmp_path):
    """The same four fixations on a picture of 600 x 400: in its pixels, and on a screen that showed it."""
    places = [(300, 200), (310, 190), (310, 190), (20, 30)]
    scores = {}
    for name, (left, top), options in (
        ("pixels", (0, 0), {}),
        ("centred", (200, 100), {"screen": "1000x600"}),
        ("at", (40, 8), {"screen": "1000x600", "shown": "at", "corner": "40, 8"}),
    ):
        (tmp_path / f"{name}.csv").write_text("x,y\n" + "".join(f"{x + left},{y + top}\n" for x, y in places))
        file = handle_file(tmp_path / f"{name}.csv")
        view = client.predict(
            handle_file(COFFEE),
            models=["gsgnet"],
            fixations=file,
            truth_condition="pure",
            **options,
            api_name="/compare",
        )
        table = view["tables"][0]
        scores[name] = table["rows"][0][2:]
        assert table["fixations"] == 4
        assert table["notes"][0].startswith("4 fixations")
    assert scores["centred"] == scores["at"] == pytest.approx(scores["pixels"], abs=0.01)


@pytest.fixture(scope="module")
def archive(client, tmp_path_factory):
    """The ZIP of a comparison of two models, unpacked, and what `compare` answers to the same."""
    folder = tmp_path_factory.mktemp("archive")
    (folder / "fixations.csv").write_text("x,y\n300,200\n310,190\n")
    asked = {
        "salient": "A red cup.",
        "models": ["gsgnet", "clip_salgan"],
        "fixations": handle_file(folder / "fixations.csv"),
        "truth_condition": "salient",
    }
    path = client.predict(handle_file(COFFEE), **asked, api_name="/archive")
    view = client.predict(handle_file(COFFEE), **asked, api_name="/compare")
    with zipfile.ZipFile(path) as packed:
        assert packed.testzip() is None
        packed.extractall(folder / "all")
    return Path(path), folder / "all", view


def test_the_archive_has_the_maps_in_floating_point(archive):
    _, folder, view = archive
    with np.load(folder / "maps.npz") as maps:
        names = {f"{sent['model']}.{sent['condition']}" for sent in view["maps"]}
        assert set(maps) == names | {"picture", "record"}
        for sent in view["maps"]:
            density = maps[f"{sent['model']}.{sent['condition']}"]
            assert (density.dtype, density.shape) == (np.float32, (400, 600))
            assert density.sum(dtype=np.float64) == pytest.approx(1, abs=1e-4)
            assert density.max() * density.size == pytest.approx(sent["high"], rel=0.05)


def test_the_archive_explains_itself(archive):
    _, folder, view = archive
    about = (folder / "README.txt").read_text(encoding="utf-8")
    for file in folder.rglob("*"):
        name = file.relative_to(folder).parts[0]
        assert name == "README.txt" or name in about
    for name in ("maps.csv", "metrics.csv"):
        described = about.partition(f"Columns of {name}")[2].partition("\n\n")[0]
        for column in (folder / name).read_text().splitlines()[0].split(","):
            assert column in described
    for table in view["tables"]:
        assert f"{table['name']}:" in about
    words = " ".join(about.split())
    assert "code MIT; weights research, non-commercial" in words
    assert "do not redistribute" in words
    assert "Xie et al.: Global semantic-guided network" in words
    assert "please cite it" in words
    assert "TranSalNet" not in words  # which was not asked


def test_the_archive_of_the_endpoint_is_replayed(archive, shipped):
    path, _, _ = archive
    results, _ = replay(read_recorded(path), shipped)
    assert len(results) == 4
    assert all(result.same for result in results)


@pytest.mark.parametrize("mark", [{}, {"meta": {"_type": "gradio.FileData"}}])
def test_the_archive_of_a_file_of_the_server_is_refused(address, client, tmp_path, mark):
    Image.effect_noise((64, 64), 90).save(tmp_path / "secret.png")
    reported = raw(address, "archive", [{"path": str(tmp_path / "secret.png")} | mark, "", "", "", ["clip_salgan"]])
    assert reported.startswith("event: error")
    assert json.loads(reported.split("data: ")[1])["error"] == NOT_TAKEN


def test_the_archive_is_refused_with_compares_sentences(client):
    with pytest.raises(AppError, match="at least one model"):
        client.predict(handle_file(COFFEE), models=[], api_name="/archive")


def test_a_call_without_the_options_is_what_it_was(address, tmp_path):
    """Sent as raw JSON, by a client of the eight parameters that there were first."""
    (tmp_path / "f.csv").write_text("x,y\n300,200\n")
    uploaded = [on_the_server(address, file) for file in (COFFEE, tmp_path / "f.csv")]
    data = [uploaded[0], "", "", "", ["clip_salgan"], None, uploaded[1], "pure"]
    call = f"{address}gradio_api/call/compare"
    event = httpx.post(call, json={"data": data}).json()["event_id"]
    reported = httpx.get(f"{call}/{event}", timeout=60).text
    assert "event: complete" in reported
    assert '"against"' in reported


def on_the_server(address, file):
    """A file as it is sent once it is uploaded."""
    with file.open("rb") as content:
        [path] = httpx.post(f"{address}gradio_api/upload", files={"files": content}).json()
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def test_peoples_text_travels_as_it_is(client):
    markup = "<script>alert(1)</script> & \"' `${1+1}` {{value}} 猫在垫子上 \u202e"
    view = client.predict(handle_file(COFFEE), salient=markup, models=["clip_salgan"], api_name="/compare")
    assert view["conditions"][1]["sentence"] == markup


def hostile_files():
    def png(width, height):
        file = BytesIO()
        Image.new("L", (width, height)).save(file, "PNG")
        return file.getvalue()

    return {
        "text renamed": ("notes.png", b"just some text", "not a picture"),
        "empty": ("empty.jpg", b"", "empty"),
        "svg": ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "SVG"),
        "cut short": ("half.jpg", COFFEE.read_bytes()[:9000], "damaged"),
        "a line": ("line.png", png(20000, 2), "20000 x 2"),
        "a dot": ("dot.png", png(1, 1), "1 x 1"),
        "a pickle": ("model.png", b"\x80\x04\x95cos\nsystem\n", "not a picture"),
    }


@pytest.mark.parametrize("case", hostile_files())
def test_what_is_no_picture_is_refused_with_a_sentence(client, tmp_path, case):
    name, content, expected = hostile_files()[case]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AppError, match=expected) as error:
        client.predict(handle_file(tmp_path / name), api_name="/compare")
    reported = str(error.value)
    assert "Traceback" not in reported
    assert "/tmp" not in reported
    assert reported.endswith(".")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"salient": "x" * 5001}, "longer than 5000"),
        ({"models": []}, "at least one model"),
        ({"density": handle_file(COFFEE)}, "in colour"),
        ({"density": handle_file(COFFEE), "screen": "1920x"}, "such as 1920x1080, not “1920x”"),
        ({"density": handle_file(COFFEE), "units": "ells"}, "not in the list of choices"),
    ],
)
def test_other_mistakes_are_refused_with_a_sentence(client, arguments, expected):
    with pytest.raises(AppError, match=expected):
        client.predict(handle_file(COFFEE), api_name="/compare", **arguments)


def test_no_picture_is_a_sentence(client):
    with pytest.raises(AppError, match="No picture"):
        client.predict(None, api_name="/compare")


@pytest.mark.parametrize("place", [0, 5, 6], ids=["picture", "density", "fixations"])
@pytest.mark.parametrize("path", ["/etc/passwd", str(FOLDER.parents[1] / "app.py")])
def test_a_visitor_cannot_name_a_file_of_the_server(address, client, place, path):
    """Sent as raw JSON, since the client library would upload the file first."""
    stolen = {"path": path, "meta": {"_type": "gradio.FileData"}}
    data = [None, "", "", "", ["clip_salgan"], None, None, "pure"]
    data[place] = stolen
    call = f"{address}gradio_api/call/compare"
    event = httpx.post(call, json={"data": data}).json()["event_id"]
    reported = httpx.get(f"{call}/{event}", timeout=30).text
    assert reported.startswith("event: error")
    assert "root:" not in reported
    assert path not in reported


def raw(address, api, data, **headers):
    """The last line that the server answers to raw JSON."""
    call = f"{address}gradio_api/call/{api}"
    event = httpx.post(call, json={"data": data}, headers=headers).json()["event_id"]
    return httpx.get(f"{call}/{event}", timeout=60).text


@pytest.mark.parametrize("mark", [{}, {"meta": {}}, {"meta": {"_type": "x"}}, {"meta": {"_type": "gradio.FileData"}}])
@pytest.mark.parametrize("place", [0, 5], ids=["picture", "density"])
def test_a_picture_of_the_server_is_not_shown_to_a_visitor_who_names_it(address, client, tmp_path, place, mark):
    Image.effect_noise((64, 64), 90).save(tmp_path / "secret.png")
    data = [None, "", "", "", ["clip_salgan"], None, None, "pure"]
    data[place] = {"path": str(tmp_path / "secret.png")} | mark
    reported = raw(address, "compare", data)
    assert reported.startswith("event: error")
    assert json.loads(reported.split("data: ")[1])["error"] == NOT_TAKEN


@pytest.mark.parametrize(
    "data",
    [
        ["no file", "", "", "", [], None, None, "pure"],
        [None, "", "", "", 7, None, None, "pure"],
        [None, "", "", "", [], 7, None, "pure"],
    ],
    ids=["text for a file", "a number for a list", "a number for a file"],
)
def test_what_is_not_taken_is_refused_with_a_sentence(address, client, data):
    for accepted, sentence in (("en", NOT_TAKEN), ("zh-CN", chinese()[NOT_TAKEN])):
        reported = raw(address, "compare", data, **{"Accept-Language": accepted})
        assert reported.startswith("event: error")
        assert json.loads(reported.split("data: ")[1])["error"] == sentence


@pytest.mark.parametrize("route", ["call", "call/v2", "api", "run"])
def test_an_endpoint_that_there_is_not_is_a_sentence(address, route):
    for accepted, words in (("en", "There is no endpoint called “scores”"), ("zh-CN", "没有名为“scores”的接口")):
        url, headers = f"{address}gradio_api/{route}/scores", {"Accept-Language": accepted}
        answer = httpx.post(url, json={} if route == "call/v2" else {"data": []}, headers=headers)
        assert answer.status_code == 404
        assert answer.json()["error"].startswith(words)
        assert answer.json()["type"] == "UnknownEndpoint"


@pytest.mark.parametrize("data", [[], [None]], ids=["nothing", "too little"])
def test_missing_parameters_are_those_of_an_empty_form(address, client, data):
    reported = raw(address, "compare", data)
    assert reported.startswith("event: error")
    assert json.loads(reported.split("data: ")[1])["error"] == "No picture was given."


def test_a_client_that_asks_for_chinese_gets_chinese_errors(address, tmp_path):
    (tmp_path / "empty.png").write_bytes(b"")
    client = Client(address, verbose=False, headers={"Accept-Language": "zh-CN"})
    with pytest.raises(AppError) as error:
        client.predict(handle_file(tmp_path / "empty.png"), api_name="/compare")
    assert str(error.value) == "图片文件为空。"
    long = " ".join(["word"] * 1000)
    view = client.predict(handle_file(COFFEE), salient=long, models=["gsgnet"], api_name="/compare")
    assert any(notice.startswith("显著对象描述：句子过长：1000 个词中只读了前") for notice in view["notices"])


def test_a_fault_of_ours_is_reported_without_details(client, monkeypatch):
    def fail(*_):
        raise RuntimeError("/secret/path")

    monkeypatch.setattr("saliency.ui.compare.compare_tab.present", fail)
    with pytest.raises(AppError) as error:
        client.predict(handle_file(COFFEE), models=["clip_salgan"], api_name="/compare")
    assert str(error.value) == UNEXPECTED


def test_every_endpoint_is_documented_in_words(client):
    info = client.view_api(return_format="dict")
    assert info["unnamed_endpoints"] == {}
    offered = info["named_endpoints"]
    named = {
        name: ([parameter["label"] for parameter in endpoint["parameters"]], [r["label"] for r in endpoint["returns"]])
        for name, endpoint in offered.items()
    }
    sentences = ["General", "Salient", "Non salient"]
    truth = ["Density", "Fixations", "Truth condition"]
    reading = ["Units", "Screen", "Shown", "Corner", "Picture name", "Drop zeros"]
    assert named == {
        "/compare": (["Picture", *sentences, "Models", *truth, *reading, "Log", "Named", "Mask"], ["Comparison"]),
        "/archive": (["Picture", *sentences, "Models", *truth, *reading, "Log", "Named", "Mask"], ["Archive"]),
        "/caption": (["Picture"], ["Caption"]),
        "/words": (["Picture", "Sentence", "Model"], ["Words"]),
        "/video": (["Clip", "Sentence", "Model", "Rate", "Smoothing", "Opacity"], ["Video"]),
        "/score": (["Picture", "Fixations", "Files", "Sentence", "Models", "Blur", *reading], ["Scores"]),
    }
    for endpoint in offered.values():
        assert len(endpoint["description"]) > 80
        for described in (*endpoint["parameters"], *endpoint["returns"]):
            assert len(described["python_type"]["description"]) > 25, described
        for parameter in endpoint["parameters"]:
            assert parameter["parameter_name"] == parameter["label"].lower().replace(" ", "_")
    assert "__i18n__" not in str(info)
    assert "parameter_" not in client.view_api(return_format="str", print_info=False)
    assert "value_" not in client.view_api(return_format="str", print_info=False)
