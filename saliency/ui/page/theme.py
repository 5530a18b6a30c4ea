"""The theme: paper and ink, one blue, the fonts a system has (nothing is fetched)."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
from gradio.themes.utils import colors, sizes

CSS = Path(__file__).with_name("theme.css")

INK = colors.Color(
    name="ink",
    c50="#f9f8f5",
    c100="#f2f0ec",
    c200="#e4e1da",
    c300="#cdc9c0",
    c400="#9d988e",
    c500="#716d65",
    c600="#57544d",
    c700="#403d38",
    c800="#2a2825",
    c900="#1d1b19",
    c950="#141311",
)
BLUE = colors.Color(
    name="blue",
    c50="#eef3fa",
    c100="#dbe6f3",
    c200="#b9cee6",
    c300="#8eb0d6",
    c400="#5f8dc2",
    c500="#3f70ab",
    c600="#2f5890",
    c700="#274775",
    c800="#213b60",
    c900="#1b2f4c",
    c950="#111e32",
)
SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "DejaVu Sans", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Consolas", "DejaVu Sans Mono", "monospace")


def theme() -> gr.themes.Base:
    """The theme, light and dark."""
    return gr.themes.Base(
        primary_hue=BLUE,
        secondary_hue=BLUE,
        neutral_hue=INK,
        text_size=sizes.text_md,
        spacing_size=sizes.spacing_md,
        radius_size=sizes.radius_md,
        font=SANS,
        font_mono=MONO,
    ).set(
        body_background_fill="#fdfcfa",
        body_background_fill_dark="*neutral_950",
        body_text_color="*neutral_900",
        body_text_color_dark="*neutral_100",
        body_text_color_subdued="*neutral_600",
        block_info_text_size="13px",
        body_text_color_subdued_dark="*neutral_400",
        background_fill_primary="#fdfcfa",
        background_fill_primary_dark="*neutral_950",
        background_fill_secondary="*neutral_100",
        background_fill_secondary_dark="*neutral_900",
        border_color_primary="*neutral_200",
        border_color_primary_dark="*neutral_800",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_shadow="none",
        block_shadow_dark="none",
        block_padding="0px",
        block_title_text_weight="600",
        block_title_text_color="*body_text_color",
        block_title_text_color_dark="*body_text_color",
        block_info_text_color="*body_text_color_subdued",
        block_label_background_fill="*body_background_fill",
        block_label_background_fill_dark="*body_background_fill",
        panel_background_fill="transparent",
        panel_border_width="0px",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
        input_background_fill="white",
        input_background_fill_dark="*neutral_900",
        input_border_color="*neutral_300",
        input_border_color_dark="*neutral_700",
        input_border_color_focus="*primary_500",
        input_border_color_focus_dark="*primary_400",
        input_border_width="1px",
        input_shadow="none",
        input_shadow_focus="0 0 0 3px *primary_100",
        input_shadow_focus_dark="0 0 0 3px *primary_900",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover_dark="*primary_500",
        button_primary_text_color="white",
        button_primary_text_color_dark="white",
        button_secondary_background_fill="*neutral_100",
        button_secondary_background_fill_hover="*neutral_200",
        button_secondary_background_fill_dark="*neutral_800",
        button_secondary_background_fill_hover_dark="*neutral_700",
        button_small_padding="6px 14px",
        button_small_text_size="*text_md",
        button_small_text_weight="400",
        button_border_width="0px",
        button_large_text_weight="600",
        checkbox_background_color_selected="*primary_700",
        checkbox_background_color_selected_dark="*primary_500",
        checkbox_label_background_fill="transparent",
        checkbox_label_background_fill_hover="transparent",
        checkbox_label_background_fill_selected="transparent",
        checkbox_label_background_fill_dark="transparent",
        checkbox_label_background_fill_hover_dark="transparent",
        checkbox_label_background_fill_selected_dark="transparent",
        checkbox_label_border_width="0px",
        checkbox_label_border_width_dark="0px",
        checkbox_label_padding="4px 12px 4px 0",
        checkbox_label_text_color_selected="*body_text_color",
        checkbox_label_text_color_selected_dark="*body_text_color",
        loader_color="*primary_600",
    )
