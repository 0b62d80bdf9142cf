//! The whole page: its structure, what it loads (nothing), what becomes of hostile names, and unusual runs.

use std::collections::{BTreeMap, BTreeSet};

use chainrule_mnist::{ImageSet, Images};
use chainrule_report::{
    Report, Run,
    logs::Scalar,
    trainer::{Activation, Dataset, Mlp, MlpConfig, losses::LossConfig},
};
use html5gum::{DefaultEmitter, Token, Tokenizer};

/// Sixty images of 8×8 pixels, of three classes: square ones have a field to draw on.
fn images() -> ImageSet {
    let pixels = (0..60 * 64).map(|i| ((i * 37) % 256) as u8).collect();
    ImageSet::new(Images::new(60, 8, 8, pixels), (0..60).map(|i| (i % 3) as u8).collect())
}

fn run(name: &str) -> Run {
    let net = Mlp::new(MlpConfig::new([64, 5, 3])).unwrap();
    let mut scalars = Vec::new();
    for (epoch, loss) in [(1, 1.5), (2, 0.5), (3, f64::NAN), (4, 0.25)] {
        for tag in ["loss/train", "accuracy/train", "gradient_norm/W1", "dead_units/layer2", "learning_rate"]
        {
            scalars.push(Scalar::new(10 * epoch, epoch, tag, loss));
        }
    }
    Run::new(name, net).with_scalars(scalars).with_command("cargo xtask train-mnist --epochs 4")
}

fn page(runs: impl Into<Vec<Run>>) -> String {
    Report::new(runs).with_images(8, 8).to_html(&images()).unwrap()
}

/// A start tag.
struct Tag {
    name: String,
    attributes: BTreeMap<String, String>,
}

impl Tag {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }
}

/// The start tags of a page, and its text without scripts and styles; fails unless the tokenizer has nothing to complain of
/// and every element is closed in its turn.
fn parsed(html: &str) -> (Vec<Tag>, String) {
    const VOID: [&str; 4] = ["meta", "img", "br", "link"];
    let string = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("the page is Unicode");
    let mut emitter = DefaultEmitter::default();
    // In scripts and styles, tags are text.
    emitter.naively_switch_states(true);
    let (mut open, mut tags, mut text) = (Vec::<String>::new(), Vec::new(), String::new());
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            Token::StartTag(tag) => {
                let name = string(&tag.name);
                if !tag.self_closing && !VOID.contains(&name.as_str()) {
                    open.push(name.clone());
                }
                let attributes = tag.attributes.iter().map(|(name, value)| (string(name), string(value)));
                tags.push(Tag { name, attributes: attributes.collect() });
            }
            Token::EndTag(tag) => assert_eq!(open.pop(), Some(string(&tag.name))),
            Token::String(part) if !matches!(open.last().map(String::as_str), Some("script" | "style")) => {
                text.push_str(&string(&part));
            }
            Token::Error(error) => panic!("{:?} in the page", *error),
            _ => {}
        }
    }
    assert_eq!(open, Vec::<String>::new());
    (tags, text)
}

#[test]
fn the_page_is_sound_and_whoever_hears_it_finds_the_way() {
    let html = page([run("a"), run("b")]);
    let (tags, _) = parsed(&html);
    let (mut ids, mut targets, mut level) = (BTreeSet::new(), Vec::new(), 0);
    for tag in &tags {
        if let Some(id) = tag.attribute("id") {
            assert!(ids.insert(id), "the id {id} is there once");
        }
        for name in ["aria-labelledby", "aria-describedby"] {
            targets.extend(tag.attribute(name).iter().flat_map(|ids| ids.split(' ')));
        }
        targets.extend(
            tag.attribute("href").map(|href| href.strip_prefix('#').expect("a link inside of the page")),
        );
        match tag.name.as_str() {
            "h1" | "h2" | "h3" | "h4" => {
                let found: usize = tag.name[1..].parse().unwrap();
                assert!(found <= level + 1, "headings go down one level at a time");
                level = found;
            }
            "img" => assert!(tag.attribute("alt").is_some_and(|alt| !alt.is_empty())),
            "svg" => {
                let named = tag.attribute("aria-label").is_some_and(|name| name.len() > 20);
                let is_image = named && tag.attribute("role") == Some("img");
                assert!(is_image || tag.attribute("aria-hidden").is_some());
            }
            "th" => assert!(tag.attribute("scope").is_some()),
            "html" => assert_eq!(tag.attribute("lang"), Some("en")),
            _ => {}
        }
    }
    for target in targets {
        assert!(ids.contains(target), "{target} is there");
    }
    let count = |name: &str| tags.iter().filter(|tag| tag.name == name).count();
    assert_eq!([count("h1"), count("main"), count("nav"), count("header"), count("footer")], [1; 5]);
    // Every chart has its values as a table, and both axes their titles with units.
    let charts = html.matches("<svg class=\"chart\"").count();
    assert!(charts >= 16, "{charts}");
    assert_eq!(html.matches("<summary>Values: ").count(), charts);
    assert_eq!(html.matches("<text class=\"axis-title\"").count(), 2 * charts);
    assert!(html.contains("href=\"#content\"") && html.contains("prefers-color-scheme: dark"));
}

#[test]
fn nothing_is_loaded_from_anywhere() {
    let html = page([run("a")]);
    for tag in parsed(&html).0 {
        for name in ["src", "srcset", "poster", "data", "action", "xlink:href"] {
            if let Some(value) = tag.attribute(name) {
                assert!(value.starts_with("data:image/png;base64,"), "{value}");
            }
        }
        assert!(!["link", "iframe", "object", "embed", "base"].contains(&tag.name.as_str()), "{}", tag.name);
    }
    for word in ["http://", "https://", "url(", "@import", "fetch(", "XMLHttpRequest", "import("] {
        assert!(!html.contains(word), "{word}");
    }
    assert!(html.contains("default-src 'none'"));
}

#[test]
fn hostile_names_are_text() {
    let name = "</title><script>alert(1)</script>\"' onload=x & --><svg/onload=1>";
    let mut run = run(name).with_command(name).with_settings(name);
    run.scalars.push(Scalar::new(10, 1, format!("weight_norm/{name}"), 1.0));
    let report = Report::new([run, self::run("b")]).with_title(name).with_images(8, 8);
    let html = report.with_classes([name, name, name].map(String::from)).to_html(&images()).unwrap();
    let (tags, text) = parsed(&html);
    let scripts = |tags: &[Tag]| tags.iter().filter(|tag| tag.name == "script").count();
    assert_eq!(scripts(&tags), scripts(&parsed(&page([self::run("a"), self::run("b")])).0));
    assert!(!tags.iter().any(|tag| tag.attributes.keys().any(|name| name.starts_with("on"))));
    // Title, contents, headings, tables, legends, captions, command and settings show the name as it is.
    assert!(text.matches(name).count() > 20, "{}", text.matches(name).count());
}

#[test]
fn what_acts_on_a_reader_s_screen_is_nowhere_raw() {
    let name = "a\u{1b}[2J\u{202e}gnp.exe\u{7}\r\u{2066}";
    let mut run = run(name).with_command(name).with_settings(name);
    run.scalars.push(Scalar::new(10, 1, format!("weight_norm/{name}"), 1.0));
    let report = Report::new([run, self::run("b")]).with_title(name).with_images(8, 8);
    let html = report.with_classes([name, name, name].map(String::from)).to_html(&images()).unwrap();
    let acts = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!html.contains(acts));
    let (_, text) = parsed(&html);
    assert!(text.matches(r"a\u001b[2J\u202egnp.exe\u0007\u000d\u2066").count() > 20);
    // In the script's JSON the backslash is one, so that the script shows what the page shows.
    assert!(html.contains(r#"["a\\u001b[2J\\u202egnp.exe"#) && !html.contains(r#""a\u001b"#));
}

#[test]
fn what_never_changes_is_said_in_a_line() {
    let mut run = run("a");
    run.scalars.clear();
    for epoch in 1..=3 {
        for (tag, value) in [("loss/train", 2.0), ("learning_rate", 0.1), ("dead_units/layer2", 0.0)] {
            run.scalars.push(Scalar::new(10 * epoch, epoch, tag, value));
        }
    }
    let text = parsed(&page([run])).1;
    assert!(text.contains("Learning rate: 0.1000 at all times, learning rate (no unit)."), "{text}");
    assert!(text.contains("Dead units: 0 at all times, fraction of units (%)."), "{text}");
    let rate = |name: &str, rate| {
        let scalars = [1, 2].map(|epoch| Scalar::new(10 * epoch, epoch, "learning_rate", rate));
        Run::new(name, self::run(name).net).with_scalars(scalars)
    };
    let text = parsed(&page([rate("slow", 0.1), rate("fast", 0.5)])).1;
    assert!(text.contains("Learning rate: 0.1000 for slow, 0.5000 for fast at all times, "), "{text}");
    let html = page([self::run("a")]);
    // A layer has one name: that of the tag, of the tables and of the histograms alike.
    assert!(
        !html.contains("layer2") && html.contains("layer 2 (sigmoid)") && html.contains("Layer 2 (sigmoid)")
    );
}

#[test]
fn a_warning_stands_above_figures_and_curves() {
    let warned = || run("a").with_warning("of <other> data");
    let html = page([warned()]);
    parsed(&html);
    let places = |html: &str| -> Vec<usize> {
        html.match_indices("of &lt;other&gt; data").map(|(place, _)| place).collect()
    };
    let at = |html: &str, part: &str| html.find(part).unwrap();
    let found = places(&html);
    let (figures, curves) = (at(&html, "class=\"tiles\""), at(&html, "<figcaption>Loss</figcaption>"));
    assert!(found.len() == 2 && found[0] < figures && (figures..curves).contains(&found[1]), "{found:?}");
    // Of several runs, it is said of the one.
    let html = page([run("b"), warned()]);
    let (found, one) = (places(&html), at(&html, "id=\"run-2\""));
    assert!(found.len() == 3 && found[0] < at(&html, "id=\"compared\"") && found[1] > one, "{found:?}");
    assert!(!page([run("a")]).contains("class=\"warning\""));
}

#[test]
fn the_first_mistakes_are_seen_and_the_others_folded() {
    let html = page([run("a")]);
    let mistakes = html.split("id=\"run-1-mistakes\"").nth(1).unwrap();
    let (seen, folded) = mistakes.split_once("<details class=\"part\"><summary>The next ").unwrap();
    let (n_folded, folded) = folded.split_once('<').unwrap();
    let folded = folded.split("</details>").next().unwrap();
    assert_eq!(seen.matches("<img").count(), 10);
    assert_eq!(folded.matches("<img").count(), n_folded.parse::<usize>().unwrap());
}

#[test]
fn the_field_begins_with_a_sample_of_the_test_set() {
    let html = page([run("a")]);
    let example = html.split("<script id=\"draw-example\" type=\"application/json\">").nth(1).unwrap();
    let (example, _) = example.split_once("</script>").unwrap();
    // 64 bytes in fours of letters for threes.
    assert_eq!(example.len(), 88, "{example}");
}

#[test]
fn scalars_of_any_finite_size_have_a_page() {
    for pair in [[0.0, 5e-324], [-f64::MAX, f64::MAX], [5e-324, 1e-300], [1e-320, f64::MAX], [f64::MAX; 2]] {
        let net = run("a").net;
        let scalars =
            ["loss/train", "accuracy/test", "gradient_norm/W1", "samples_per_second", "learning_rate"];
        let scalars = scalars.iter().flat_map(|tag| {
            (1..).zip(pair).map(move |(epoch, value)| Scalar::new(10 * epoch, epoch, *tag, value))
        });
        let html = page([Run::new("a", net).with_scalars(scalars.collect::<Vec<_>>())]);
        parsed(&html);
        assert!(!html.contains("NaN") && !html.contains("inf\""), "{pair:?}");
    }
    let late =
        [Scalar::new(u64::MAX - 1, 1, "loss/train", 1.0), Scalar::new(u64::MAX, u64::MAX, "loss/train", 2.0)];
    parsed(&page([Run::new("a", run("a").net).with_scalars(late)]));
}

#[test]
fn unusual_networks_and_runs_have_a_page() {
    let deep = MlpConfig::new([64, 9, 8, 7, 6, 3]).with_activation(Activation::Relu).with_batch_norm(true);
    for config in [
        MlpConfig::new([64, 3]),
        deep.with_dropout(0.5),
        MlpConfig::new([64, 4, 3]).with_loss(LossConfig::BinaryCrossEntropy),
        MlpConfig::new([64, 4, 3]).with_loss(LossConfig::HalfSquaredError),
        // More outputs than the data have classes.
        MlpConfig::new([64, 4, 40]),
    ] {
        // No history at all, as of a network that was never trained.
        let html = page([Run::new("untrained", Mlp::new(&config).unwrap())]);
        parsed(&html);
        assert!(html.contains("Nothing was measured on the way"));
        assert!(!html.contains("NaN") && !html.contains("inf\""), "{config:?}");
    }
    let one = Run::new("one", run("a").net).with_scalars([Scalar::new(1, 1, "loss/train", 2.0)]);
    assert!(page([one]).contains("<figcaption>Loss</figcaption>"));
}

#[test]
fn tables_of_numbers_have_a_page_without_pictures() {
    let rows: Vec<f32> = (0..40).map(|i| (i as f32).sin()).collect();
    let classes: Vec<usize> = (0..20).map(|i| i % 2).collect();
    let data = Dataset::from_rows(&rows, 2).unwrap().with_classes(&classes).unwrap();
    let net = Mlp::new(MlpConfig::new([2, 3, 2])).unwrap();
    let html = Report::new([Run::new("a table", net)]).to_html(&data).unwrap();
    parsed(&html);
    assert!(html.contains("The samples are no images") && !html.contains("<img"));
}

#[test]
fn images_that_are_not_square_have_no_field_to_draw_on() {
    let images = ImageSet::new(Images::new(2, 8, 6, vec![7; 96]), vec![0, 1]);
    let run = Run::new("oblong", Mlp::new(MlpConfig::new([48, 5, 2])).unwrap());
    let html = Report::new([run]).with_images(8, 6).to_html(&images).unwrap();
    parsed(&html);
    assert!(html.contains("There is no field to draw in, since ") && !html.contains("<canvas"));
    assert!(page([self::run("a")]).contains("<canvas"));
}

#[test]
fn the_loss_has_its_own_unit() {
    let with = |loss| {
        let net = Mlp::new(MlpConfig::new([64, 5, 3]).with_loss(loss)).unwrap();
        Run::new("a", net).with_scalars([Scalar::new(1, 1, "loss/test", 2.0)])
    };
    let (squares, nats) = (LossConfig::MeanSquaredError, LossConfig::default());
    assert!(page([with(squares.clone())]).contains("mean loss (squared error per output)"));
    assert!(page([with(nats.clone())]).contains("mean loss (nats per sample)"));
    let both = page([with(squares), with(nats)]);
    assert!(
        both.contains("each run&#39;s own, not to be compared")
            || both.contains("each run's own, not to be compared")
    );
}

#[test]
fn what_cannot_be_reported_is_refused_in_one_sentence() {
    let error = |report: Report| report.to_html(&images()).unwrap_err().to_string();
    assert_eq!(error(Report::new([])), "found no run to report on, expected at least one");
    assert_eq!(
        error(Report::new([run("a")]).with_images(28, 28)),
        "images of 28×28 pixels: found samples of 64 values, expected 784"
    );
    let other = Run::new("other.ckpt", Mlp::new(MlpConfig::new([7, 3])).unwrap());
    assert_eq!(
        error(Report::new([run("a"), other])),
        "other.ckpt: values per sample: found 64, expected 7, the inputs of the network"
    );
    let values = Dataset::from_rows(&[1.0, 2.0], 1).unwrap().with_values(&[0.5, 0.25], 1).unwrap();
    let net = Mlp::new(MlpConfig::new([1, 1]).with_loss(LossConfig::MeanSquaredError)).unwrap();
    let error = Report::new([Run::new("regression", net)]).to_html(&values).unwrap_err().to_string();
    assert!(error.starts_with("sample 0 has no class that the network knows"), "{error}");
}

#[test]
fn a_page_of_the_default_network_can_be_mailed_and_is_whole_or_not_there() {
    let pixels = (0..200 * 784).map(|i| ((i * 31) % 251) as u8).collect();
    let set = ImageSet::new(Images::new(200, 28, 28, pixels), (0..200).map(|i| (i % 10) as u8).collect());
    let report = Report::new([Run::new("default", Mlp::new(MlpConfig::new([784, 50, 10])).unwrap())]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.html");
    report.with_images(28, 28).save(&set, &path).unwrap();
    let length = std::fs::metadata(&path).unwrap().len();
    assert!((100_000..1_500_000).contains(&length), "{length}");
    assert!(std::fs::read_to_string(&path).unwrap().ends_with("</html>"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    // A page that cannot be made leaves what is there.
    let wrong = Report::new([Run::new("wrong", Mlp::new(MlpConfig::new([7, 3])).unwrap())]);
    wrong.save(&set, &path).unwrap_err();
    assert_eq!(std::fs::metadata(&path).unwrap().len(), length);
}
