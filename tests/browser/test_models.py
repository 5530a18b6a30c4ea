"""The Models tab as a person uses it."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import expect

from saliency import checkpoints
from saliency.models.registry import network, spec

pytestmark = pytest.mark.browser

DIGITS = {"CC": 3, "SIM": 3, "KL": 2, "NSS": 2, "AUC": 3, "sAUC": 3}


def test_each_checkpoint_has_a_card_and_its_speed_is_measured_at_a_click(page):
    page.get_by_role("tab", name="Models").click()
    cards = checkpoints.available()
    shown = page.locator("#models article")
    expect(shown).to_have_count(len(cards) + 1)  # the last is the captioner's
    for number, card in enumerate(cards):
        article = shown.nth(number)
        expect(article).to_contain_text(card.sha256)
        expect(article).to_contain_text(card.licence)
        if spec(card.model).task == "gaze":
            score = card.metrics["validation"]["pure"]["CC"]
            expect(article).to_contain_text(f"{score.mean:.3f}{score.low:.3f}–{score.high:.3f}")
        if card.recipe and "start" not in card.recipe:
            expect(article.get_by_role("listitem").filter(has_text="random weights")).to_have_count(1)
        expect(article.locator(".version")).not_to_have_attribute("open", "")
        for part in card.parts:
            expect(article.locator("pre")).to_contain_text(f'"{part}": {{')
    assert any(card.parts for card in cards)
    assert any("start" not in card.recipe for card in cards)
    first = shown.first
    first.get_by_role("button", name="Measure now").click()
    expect(first).to_contain_text("measured just now")
    expect(first.locator(".measured")).to_contain_text("threads, computing in")
    total = re.search(r"[\d,]+ ms", first.locator(".measured").inner_text())[0]
    expect(page.locator("#model-scores tbody tr").first.locator("td").last).to_have_text(total)


def test_the_captioner_has_a_card_without_a_speed_of_maps(page):
    page.get_by_role("tab", name="Models").click()
    card = checkpoints.read_card("captioner")
    article = page.locator("#models article").last
    for said in (card.sha256, card.licence, *card.limits, *card.origin, *(data.name for data in card.data)):
        expect(article).to_contain_text(said)
    expect(article).to_contain_text(f"CIDEr-D {card.captions.cider.mean:.3f}")
    expect(article).to_contain_text(f"BLEU-4 {card.captions.bleu_4:.3f}")
    expect(article).to_contain_text(f"{card.parameters / 1e6:.1f} million")
    expect(article.get_by_role("button", name="Measure now")).to_have_count(0)
    expect(page.locator("#model-scores")).not_to_contain_text("Captioner")


@pytest.mark.parametrize(("tab", "table"), [("Models", "#model-scores"), ("Errors", "#shipped-scores")])
def test_one_table_has_all_scores_of_a_condition_with_the_best_in_bold(page, tab, table):
    cards = [card for card in checkpoints.available() if spec(card.model).task == "gaze"]
    page.get_by_role("tab", name=tab, exact=True).click()
    expect(page.locator(table)).to_contain_text("compact re-implementations, trained here")
    rows = page.locator(f"{table} tbody tr")
    for condition, shown in (("macro", "Mean of all conditions"), ("non_salient", "Non-salient")):
        page.locator(f"{table} select").select_option(shown)
        scores = [card.metrics["validation"][condition] for card in cards]
        for row, score in zip(rows.all(), scores, strict=True):
            cells = row.locator("td").all_inner_texts()
            for cell, (metric, digits) in zip(cells, DIGITS.items(), strict=False):
                estimate = score[metric]
                numbers = [f"{value:.{digits}f}" for value in (estimate.mean, estimate.low, estimate.high)]
                assert re.findall(r"\d\.\d+", cell) == numbers
        best = {
            metric: f"{(min if metric == 'KL' else max)(score[metric].mean for score in scores):.{digits}f}"
            for metric, digits in DIGITS.items()
        }
        bold = page.locator(f"{table} td.best").all_inner_texts()
        assert {text.split()[0] for text in bold} == set(best.values())


def test_papers_are_links_where_they_were_published(page):
    page.get_by_role("tab", name="Models").click()
    links = page.locator("#models a")
    networks = [*(spec(card.model) for card in checkpoints.available()), network("captioner")]
    expect(links).to_have_count(sum(shown.link is not None for shown in networks))
    for link in links.all():
        assert link.get_attribute("href").startswith("https://")
        assert link.get_attribute("rel") == "noopener"


@pytest.mark.parametrize("width", [1000, 1092, 1219, 1220, 1366])
def test_no_score_is_cut_off_in_a_window_that_has_room_for_all(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.get_by_role("tab", name="Models").click()
    page.locator("#models article .scroll").first.wait_for()
    hidden = page.locator("#models .scroll").evaluate_all("all => all.map((one) => one.scrollWidth - one.clientWidth)")
    assert max(hidden) <= 0


def test_a_measurement_can_be_stopped(page):
    page.get_by_role("tab", name="Models").click()
    first = page.locator("#models article").first
    first.get_by_role("button", name="Measure now").click()
    first.get_by_role("button", name="Stop").click()
    expect(first.get_by_role("status")).to_have_text("Stopped.")
    expect(first.get_by_role("button", name="Measure now")).to_be_enabled()
    assert first.locator(".measured").inner_text() == ""


def test_how_far_a_measurement_is_has_the_colour_of_the_theme(page):
    page.get_by_role("tab", name="Models").click()
    bar = page.locator("#models progress").first
    bar.evaluate("bar => { bar.hidden = false; bar.value = 0.5; }")
    picture = Image.open(BytesIO(bar.screenshot())).convert("RGB")
    done, left = (picture.getpixel((int(share * picture.width), picture.height // 2)) for share in (0.25, 0.75))
    assert done == (0x2F, 0x58, 0x90)
    assert left == (0xE4, 0xE1, 0xDA)
