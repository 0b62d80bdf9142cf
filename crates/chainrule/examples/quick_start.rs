//! The program that the project's README begins with. Run it where the data are: at the root of the repository.

use chainrule::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mnist = Mnist::load("datasets/mnist")?;
    let mut net = TwoLayerNet::new(MlpConfig::new([784, 50, 10]))?;
    let config = TrainConfig::new().with_optimizer(Sgd::new(0.5)).with_epochs(5);
    let summary = train(&mut net, &mnist.train).test(&mnist.test).config(&config).run()?;
    for report in &summary.history {
        println!("{report}");
    }
    let probabilities = net.predict(&mnist.test.to_matrix(0..1)); // a column is a sample
    println!("the first test image is a {}", argmax(probabilities.as_slice()));
    Ok(())
}

#[cfg(test)]
mod tests {
    /// The part of the file above the tests and below the first line.
    fn program() -> &'static str {
        let source = include_str!("quick_start.rs");
        let start = source.find("use chainrule").unwrap();
        let end = source.find("\n#[cfg(test)]").unwrap();
        &source[start..end]
    }

    #[test]
    fn the_readme_shows_this_program() {
        let readme = include_str!("../../../README.md");
        assert!(readme.contains(program()), "expected in the README:\n{}", program());
    }

    #[test]
    fn it_runs_at_the_root() {
        std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).unwrap();
        super::main().unwrap();
    }
}
