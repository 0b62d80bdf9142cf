//! The colours of the style sheet: contrasts as WCAG 2.2 wants them, and series that colour-blind people tell apart.
//!
//! Contrast and colour difference are those of the crate `palette`: WCAG's relative luminance, and CIEDE2000. Colour-blind
//! sight is simulated by the matrices of Machado, Oliveira and Fernandes, "A physiologically-based model for simulation of
//! color vision deficiency" (2009), at full severity, on linear light.

use std::collections::BTreeMap;

use palette::{
    FromColor, Lab, LinSrgb, Srgb,
    color_difference::{Ciede2000, Wcag21RelativeContrast},
};

/// What a normal eye, and one without red, green or blue cones, sees.
const SIGHTS: [(&str, [[f32; 3]; 3]); 4] = [
    ("normal", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    (
        "protanopia",
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    ),
    (
        "deuteranopia",
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    ),
    (
        "tritanopia",
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    ),
];

/// A difference of 2.3 is just seen side by side; lines in a chart have to differ by far more.
const LEAST_DIFFERENCE: f32 = 15.0;

type Theme = BTreeMap<String, Srgb<u8>>;

/// The variables of the light and of the dark theme.
fn themes() -> [(&'static str, Theme); 2] {
    let style = include_str!("../../src/style.css");
    let (light, rest) = style.split_once("prefers-color-scheme: dark").unwrap();
    let (dark, _) = rest.split_once("\n}\n").unwrap();
    [("light", theme(light)), ("dark", theme(dark))]
}

fn theme(css: &str) -> Theme {
    let lines = css.lines().filter_map(|line| line.trim().strip_prefix("--")?.strip_suffix(';'));
    lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, hex)| (name.into(), hex.parse().unwrap()))
        .collect()
}

fn linear(colour: Srgb<u8>) -> LinSrgb<f32> {
    colour.into_format::<f32>().into_linear()
}

fn contrast(a: Srgb<u8>, b: Srgb<u8>) -> f32 {
    a.into_format::<f32>().relative_contrast(b.into_format::<f32>())
}

fn seen(colour: Srgb<u8>, sight: &[[f32; 3]; 3]) -> Lab {
    let c = linear(colour);
    let part = |row: &[f32; 3]| (row[0] * c.red + row[1] * c.green + row[2] * c.blue).clamp(0.0, 1.0);
    Lab::from_color(LinSrgb::new(part(&sight[0]), part(&sight[1]), part(&sight[2])))
}

fn least_difference(colours: &[Srgb<u8>]) -> f32 {
    let mut least = f32::INFINITY;
    for (_, sight) in &SIGHTS {
        for (i, a) in colours.iter().enumerate() {
            for b in &colours[..i] {
                least = least.min(seen(*a, sight).difference(seen(*b, sight)));
            }
        }
    }
    least
}

/// The field to draw on has the same colours on a light and on a dark page, and a black paper with white ink.
#[test]
fn bars_and_pen_of_the_drawing_field_stand_out() {
    let css = include_str!("../../src/draw/draw.css");
    let colour_of = |selector: &str, property: &str| -> Srgb<u8> {
        let rule = css.lines().find(|line| line.starts_with(&format!("{selector} {{"))).unwrap();
        let value = rule.split_once(&format!("{property}: ")).unwrap().1;
        value[value.find('#').unwrap()..][..7].parse().unwrap()
    };
    let best = colour_of("#draw-bars .is-best .draw-track span", "background");
    let bar = colour_of(".draw-track span", "background");
    for (name, theme) in themes() {
        for colour in [best, bar] {
            assert!(contrast(colour, theme["page"]) >= 3.0, "{name}: {}", contrast(colour, theme["page"]));
        }
    }
    // On paper the ring is what is seen, on ink what is around it.
    let (black, white) = (Srgb::new(0, 0, 0), Srgb::new(255, 255, 255));
    assert!(contrast(colour_of("#draw-cursor", "border"), black) >= 3.0 && contrast(black, white) >= 3.0);
    assert!(css.contains("outline: 2px solid #000; border-radius: 50%"));
}

#[test]
fn text_stands_out_from_its_ground() {
    for (name, theme) in themes() {
        let of = |variable: &str| theme[variable];
        let mut pairs = vec![("ink", "page"), ("ink", "card"), ("soft", "page"), ("soft", "card")];
        pairs.extend([("link", "page"), ("link", "card")]);
        pairs.extend([
            ("h0-ink", "h0"),
            ("h1-ink", "h1"),
            ("h2-ink", "h2"),
            ("h3-ink", "h3"),
            ("h4-ink", "h4"),
        ]);
        for (text, ground) in pairs {
            // WCAG 2.2, 1.4.3, level AA.
            let found = contrast(of(text), of(ground));
            assert!(found >= 4.5, "{name}: {text} on {ground} has a contrast of {found:.2}");
        }
    }
}

#[test]
fn lines_bars_and_focus_stand_out_from_their_ground() {
    for (name, theme) in themes() {
        for line in ["s0", "s1", "s2", "s3", "s4", "s5", "bar", "axis", "focus"] {
            // WCAG 2.2, 1.4.11.
            let found = contrast(theme[line], theme["card"]);
            assert!(found >= 3.0, "{name}: {line} has a contrast of {found:.2}");
        }
    }
}

#[test]
fn the_line_of_the_reliability_diagram_stands_out_from_its_bars() {
    for (name, theme) in themes() {
        let found = contrast(theme["s4"], theme["bar"]);
        assert!(found >= 3.0, "{name}: a contrast of {found:.2}");
    }
}

#[test]
fn series_differ_for_colour_blind_people_too() {
    for (name, theme) in themes() {
        let colours: Vec<_> = (0..6).map(|i| theme[&format!("s{i}")]).collect();
        let found = least_difference(&colours);
        assert!(found >= LEAST_DIFFERENCE, "{name}: two series differ by {found:.1}");
        // Shades of the confusion matrix are in order of their lightness, and next to each other differ.
        for (_, sight) in &SIGHTS {
            let shades: Vec<Lab> = (0..5).map(|i| seen(theme[&format!("h{i}")], sight)).collect();
            for pair in shades.windows(2) {
                assert!(pair[0].difference(pair[1]) >= 5.0, "{name}: {pair:?}");
                assert_eq!(pair[1].l > pair[0].l, name == "dark", "{pair:?}");
            }
        }
    }
}

#[test]
fn the_check_refuses_what_everybody_knows_to_be_wrong() {
    // A red and a green of equal lightness, which look the same without green cones.
    let (red, green) = (Srgb::new(0xc0_u8, 0x50, 0x40), Srgb::new(0x70_u8, 0x80, 0x38));
    assert!(least_difference(&[red, green]) < LEAST_DIFFERENCE);
    // Black on white is 21, by definition.
    let (black, white) = (Srgb::new(0_u8, 0, 0), Srgb::new(255_u8, 255, 255));
    assert!((contrast(black, white) - 21.0).abs() <= 1e-3);
    assert!(contrast(Srgb::new(0x99, 0x99, 0x99), white) < 3.0);
}

#[test]
fn a_colour_stands_for_itself_in_every_theme() {
    let [(_, light), (_, dark)] = themes();
    let names = |theme: &Theme| theme.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&light), names(&dark));
    // Rules have variables alone.
    let (_, rules) = include_str!("../../src/style.css").split_once("*, ::before").unwrap();
    assert!(!rules.contains('#') || rules.matches('#').count() == rules.matches("#draw").count(), "{rules}");
}
