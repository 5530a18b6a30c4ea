"""What every drawn component shares (drawing.js), by itself on an empty page, against closed forms."""

from __future__ import annotations

import json
import math

import pytest

from saliency.ui.shared import component

pytestmark = pytest.mark.browser

WIDTH, HEIGHT, SIGMA = 240, 180, 24.0


@pytest.fixture(scope="module")
def script(browser):
    """Evaluates JavaScript beside drawing.js; `blob` is a Gaussian in the middle of a map, `flat` a map of ones."""
    page = browser.new_page()
    drawing = component.shared_script()
    prepared = f"""
        {drawing}
        const text = textsIn({{"greeting": {{en: "Hello {{name}}", zh: "{{name}}，您好"}}}});
        const blob = {{width: {WIDTH}, height: {HEIGHT}, values: new Float32Array({WIDTH * HEIGHT})}};
        const flat = {{...blob, values: blob.values.map(() => 1)}};
        for (let y = 0; y < {HEIGHT}; y++) for (let x = 0; x < {WIDTH}; x++) {{
            const [dx, dy] = [x + 0.5 - {WIDTH / 2}, y + 0.5 - {HEIGHT / 2}];
            blob.values[y * {WIDTH} + x] = Math.exp(-(dx * dx + dy * dy) / (2 * {SIGMA**2}));
        }}
    """
    yield lambda code: page.evaluate(f"() => {{ {prepared} {code} }}")
    page.close()


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_a_contour_of_a_gaussian_is_the_circle_that_holds_its_share(script, share):
    # Of a Gaussian, a circle of radius sigma * sqrt(-2 ln(1 - share)) holds the share.
    radius = SIGMA * math.sqrt(-2 * math.log(1 - share))
    crossed = script(f"""
        const [line] = contourLines(blob, [{share}]);
        const context = node("canvas", {{}}).getContext("2d");
        context.lineWidth = 0.004; // of the picture's sides
        const found = [];
        for (let angle = 0; angle < 6.28; angle += 0.1) for (let r = 0; r < 90; r += 0.25) {{
            const x = 0.5 + (r * Math.cos(angle)) / {WIDTH}, y = 0.5 + (r * Math.sin(angle)) / {HEIGHT};
            if (context.isPointInStroke(line, x, y)) {{ found.push(r); break; }}
        }}
        return found;
    """)
    assert len(crossed) == 63  # in every direction
    assert all(abs(r - radius) < 2 for r in crossed)


def test_the_line_around_all_of_a_map_is_the_pictures_edge(script):
    assert script("""
        const [line] = contourLines(flat, [1]);
        const context = node("canvas", {}).getContext("2d");
        context.lineWidth = 0.03;
        const places = [[0.5, 0], [0.5, 1], [0, 0.5], [1, 0.5], [0.5, 0.5]];
        return places.map(([x, y]) => context.isPointInStroke(line, x, y));
    """) == [True, True, True, True, False]


def test_the_mass_in_a_box_is_the_gaussians(script):
    whole, half, square = script(f"""
        return [
            massInside(blob, {{left: 0, top: 0, right: 1, bottom: 1}}),
            massInside(blob, {{left: 0, top: 0, right: 0.5, bottom: 1}}),
            massInside(blob, {{left: {0.5 - SIGMA / WIDTH}, right: {0.5 + SIGMA / WIDTH},
                               top: {0.5 - SIGMA / HEIGHT}, bottom: {0.5 + SIGMA / HEIGHT}}}),
        ];
    """)
    assert whole == pytest.approx(1)
    assert half == pytest.approx(0.5, abs=1e-4)
    assert square == pytest.approx(math.erf(1 / math.sqrt(2)) ** 2, abs=0.003)


def test_cover_hides_below_the_threshold_and_at_full_opacity_shows_the_map_alone(script):
    def covered(*arguments):
        return script(f"return [...cover(colourTable('viridis'), {', '.join(map(json.dumps, arguments))})]")[3::4]

    assert covered(1, 0, False) == [255] * 256
    assert covered(0, 0, False) == [0] * 256
    half = covered(0.5, 0.5, False)
    assert half[:128] == [0] * 128
    assert half[128:] == [128] * 128
    change = covered(0.5, 0, True)
    assert change == change[::-1]
    assert (change[0], change[127]) == (128, 1)
    assert covered(1, 0, True)[127] < 5  # where nothing changed the picture is visible at any opacity


def test_a_text_is_in_the_browsers_language_with_its_values_unchanged(script):
    assert script("return text('greeting', {name: '<b>$&</b>'})") == "Hello <b>$&</b>"


def test_numbers_have_a_sign_only_where_they_are_not_zero(script):
    texts = script("return [fixed(-0.001, 2), fixed(-1.5, 1), times(-0.04, true), times(0.04, true), times(1.3, true)]")
    assert texts == ["0.00", "−1.5", "0.0×", "0.0×", "+1.3×"]
