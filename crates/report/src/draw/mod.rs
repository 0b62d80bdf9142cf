//! The section in which a digit is drawn and the network reads it: the network with all its weights, and a forward pass
//! in JavaScript that gives the probabilities of [`Mlp::predict`] to 1e-5.
//!
//! | file | has |
//! | --- | --- |
//! | `network.js` | the forward pass of every layer, to be read beside the Rust |
//! | `picture.js` | from a drawing to a picture as MNIST's were made |
//! | `page.js` | pointer and keyboard, bars, hidden units |
//!
//! Nothing is loaded from anywhere: script, style and weights are in the page. `cargo xtask browser-test` tries all of it
//! in a browser.

mod network;

use chainrule_trainer::Mlp;

use crate::Report;

/// The style of the section.
pub(crate) const STYLE: &str = include_str!("draw.css");

/// The scripts in the order in which they use each other.
const SCRIPTS: [&str; 3] = [include_str!("network.js"), include_str!("picture.js"), include_str!("page.js")];

/// The section as HTML, or why there is no field to draw in, as the rest of a sentence after "since".
///
/// The samples have to be square images from 8×8, the parameters a million at most (over 5 MB of text), and the outputs
/// two or more.
pub(crate) fn section(report: &Report, net: &Mlp) -> Result<String, String> {
    let network = network::of(report, net)?;
    let side = network.side.to_string();
    let of_box = ((network.side * 20 + 14) / 28).to_string(); // rounded, as in picture.js
    let outputs = if network.has_probabilities { "Probabilities" } else { "Outputs" };
    // The network comes last, since a class may be called anything.
    Ok(include_str!("section.html")
        .replace("{{SIDE}}", &side)
        .replace("{{BOX}}", &format!("{of_box}×{of_box}"))
        .replace("{{OUTPUTS}}", outputs)
        .replace("{{SCRIPTS}}", &SCRIPTS.concat())
        .replace("{{NETWORK}}", &network.json))
}

#[cfg(test)]
mod tests {
    use chainrule_trainer::{Activation, MlpConfig, losses::LossConfig};

    use super::*;
    use crate::Run;

    fn section_of(config: &MlpConfig, images: (usize, usize)) -> Result<String, String> {
        let net = Mlp::new(config).unwrap();
        let report = Report::new([Run::new("a run", net.clone())]).with_images(images.0, images.1);
        section(&report, &net)
    }

    #[test]
    fn every_placeholder_is_filled() {
        let html = section_of(&MlpConfig::new([64, 5, 10]), (8, 8)).unwrap();
        assert!(!html.contains("{{"), "{html}");
        assert!(html.contains("width=\"8\" height=\"8\""));
        assert!(html.contains("scaled to 6×6 pixels")); // 8·20/28 = 5.7
    }

    #[test]
    fn the_default_network_takes_a_small_part_of_the_page() {
        let html = section_of(&MlpConfig::new([784, 50, 10]), (28, 28)).unwrap();
        // 39,760 weights of 4 bytes, a third more as text, and 20 kB of script.
        assert!(html.len() < 250_000, "{} bytes", html.len());
    }

    #[test]
    fn the_scripts_know_every_activation_and_nothing_from_elsewhere() {
        let script = SCRIPTS.concat();
        for activation in Activation::ALL {
            assert!(script.contains(&format!("\n  \"{activation}\": ")), "{activation}");
        }
        for word in ["fetch(", "import", "eval(", "XMLHttpRequest", "</script"] {
            assert!(!script.contains(word), "{word}");
        }
    }

    #[test]
    fn where_nothing_can_be_drawn_it_is_said_why() {
        let yes_or_no = MlpConfig::new([784, 1]).with_loss(LossConfig::BinaryCrossEntropy);
        for (config, images, expected) in [
            (
                MlpConfig::new([9, 2]),
                (3, 3),
                "the images have 3×3 pixels, and a drawing wants a square from 8×8",
            ),
            (
                MlpConfig::new([784, 2]),
                (16, 49),
                "the images have 16×49 pixels, and a drawing wants a square from 8×8",
            ),
            (
                MlpConfig::new([784, 1300, 10]),
                (28, 28),
                "the network's 1033510 parameters would make the page too large; a million fit",
            ),
            (yes_or_no, (28, 28), "the network has one output, and not one for every class"),
        ] {
            assert_eq!(section_of(&config, images).unwrap_err(), expected);
        }
        let net = Mlp::new(MlpConfig::new([64, 2])).unwrap();
        let of_a_table = Report::new([Run::new("a run", net.clone())]);
        assert_eq!(section(&of_a_table, &net).unwrap_err(), "the samples are no images");
    }

    #[test]
    fn a_network_that_is_broken_is_not_shown() {
        let mut net: Mlp = Mlp::new(MlpConfig::new([64, 2])).unwrap();
        net.tensor_mut("W1").unwrap().as_mut_slice()[5] = f32::NAN;
        let report = Report::new([Run::new("a run", net.clone())]).with_images(8, 8);
        assert_eq!(section(&report, &net).unwrap_err(), "not all of the network's parameters are finite");
    }

    #[test]
    fn the_name_of_a_class_cannot_end_the_script() {
        let net = Mlp::new(MlpConfig::new([64, 2])).unwrap();
        let report = Report::new([Run::new("a run", net.clone())]).with_images(8, 8);
        let html =
            section(&report.with_classes(["</script>".to_string(), "{{SIDE}}".to_string()]), &net).unwrap();
        assert!(html.contains(r#"["\u003c/script>","{{SIDE}}"]"#));
        assert_eq!(html.matches("</script>").count(), 2);
    }
}
