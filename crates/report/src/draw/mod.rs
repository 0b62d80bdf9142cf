//! The part of the page on which a digit is drawn and the network reads it: the network with all its weights, and a
//! forward pass in JavaScript that gives the probabilities of [`Mlp::predict`] to 1e-5.
//!
//! | file | has |
//! | --- | --- |
//! | `network.js` | the forward pass of every layer, to be read beside the Rust |
//! | `picture.js` | from a drawing to a picture as MNIST's were made |
//! | `page.js` | pointer and keyboard, bars, hidden units |
//!
//! Nothing is loaded from anywhere: script, style and weights are in the page.

mod base64;
mod network;

use chainrule_trainer::Mlp;

/// The style of the section.
pub const CSS: &str = include_str!("draw.css");

/// The scripts in the order in which they use each other.
const SCRIPTS: [&str; 3] = [include_str!("network.js"), include_str!("picture.js"), include_str!("page.js")];

/// The section as HTML, to be put into a page that has [`CSS`]; where the network cannot be drawn for, one sentence that
/// says why.
///
/// The network's inputs have to be a square picture from 8×8, its parameters a million at most (5 MB of text), and its
/// outputs two or more.
///
/// # Examples
/// ```
/// use chainrule_report::draw;
/// use chainrule_trainer::{Mlp, MlpConfig};
/// let html = draw::section(&Mlp::new(&MlpConfig::new([784, 50, 10]))?);
/// assert!(html.contains("<canvas id=\"draw-field\""));
/// assert!(html.len() < 250_000); // 39,760 weights of 4 bytes, a third more as text, and 20 kB of script
/// let html = draw::section(&Mlp::new(&MlpConfig::new([6, 2]))?);
/// assert!(html.contains("the network's 6 inputs are no square picture of at least 8×8 pixels"));
/// # Ok::<(), chainrule_trainer::Error>(())
/// ```
pub fn section(net: &Mlp) -> String {
    match network::of(net) {
        Ok(network) => {
            let side = network.side.to_string();
            let box_side = (network.side * 20 + 14) / 28; // rounded, as in picture.js
            let outputs = if network.has_probabilities { "Probabilities" } else { "Outputs" };
            include_str!("section.html")
                .replace("{{SIDE}}", &side)
                .replace("{{BOX}}", &format!("{box_side}×{box_side}"))
                .replace("{{OUTPUTS}}", outputs)
                .replace("{{NETWORK}}", &network.json)
                .replace("{{SCRIPTS}}", &SCRIPTS.concat())
        }
        Err(why) => format!(
            "<section id=\"draw\" class=\"draw\" aria-labelledby=\"draw-title\">\n<h2 id=\"draw-title\">Draw a digit</h2>\n\
             <p>There is no drawing field here, since {why}.</p>\n</section>\n"
        ),
    }
}

#[cfg(test)]
mod tests {
    use chainrule_trainer::{Activation, MlpConfig};

    use super::*;

    fn section_of(config: &MlpConfig) -> String {
        section(&Mlp::new(config).unwrap())
    }

    #[test]
    fn every_placeholder_is_filled() {
        let html = section_of(&MlpConfig::new([64, 5, 10]));
        assert!(!html.contains("{{"), "{html}");
        assert!(html.contains("width=\"8\" height=\"8\""));
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
    fn where_nothing_can_be_drawn_a_sentence_says_why() {
        for (config, expected) in [
            (MlpConfig::new([9, 2]), "the network's 9 inputs are no square picture of at least 8×8 pixels"),
            (
                MlpConfig::new([785, 2]),
                "the network's 785 inputs are no square picture of at least 8×8 pixels",
            ),
            (
                MlpConfig::new([784, 1300, 10]),
                "the network's 1033510 parameters would make the page too large; a million fit",
            ),
            (
                MlpConfig::new([784, 1]).with_loss(chainrule_trainer::losses::LossConfig::BinaryCrossEntropy),
                "the network has one output, and not one for every class",
            ),
        ] {
            let html = section_of(&config);
            assert!(html.contains(&format!("There is no drawing field here, since {expected}.")), "{html}");
            assert!(!html.contains("<script"));
        }
    }

    #[test]
    fn a_network_that_is_broken_is_not_shown() {
        let mut net: Mlp = Mlp::new(&MlpConfig::new([64, 2])).unwrap();
        net.layers_mut().parameters_mut()[0].values[5] = f32::NAN;
        assert!(section(&net).contains("since not all of the network's parameters are finite."));
    }
}
