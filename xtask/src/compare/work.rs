//! The workloads that are measured, and their units.

use clap::ValueEnum;

/// A workload; contestants know it by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Work {
    #[value(name = "W1", help = "trains 784-50-10, sigmoid, SGD, batch 100")]
    W1,
    #[value(name = "W2", help = "trains 784-800-10, ReLU, momentum, batch 128")]
    W2,
    #[value(name = "train-mnist", help = "W1 by the command cargo xtask train-mnist")]
    TrainMnist,
    #[value(name = "W3a", help = "runs 10,000 images through W1's network, from bytes")]
    W3a,
    #[value(name = "W3b", help = "runs one image through W1's network")]
    W3b,
    #[value(name = "W3c", help = "W3a with images that were run before")]
    W3c,
    #[value(name = "D1", help = "W1 with standardised pixels, none of which is zero")]
    D1,
    #[value(name = "D2", help = "W2 with standardised pixels and a smaller learning rate")]
    D2,
    #[value(name = "products", help = "the dense matrix products of W2's first layer")]
    Products,
    #[value(name = "sgemm", help = "the product of two dense 2048×2048 matrices")]
    Sgemm,
    #[value(name = "optimizers", help = "W1 with the slowest of chainrule's optimizers")]
    Optimizers,
    #[value(name = "load", help = "reads, decompresses and checks MNIST")]
    Load,
    #[value(name = "whole", help = "a whole process, from its start to 97 % with 50 hidden units")]
    Whole,
}

impl Work {
    pub(super) fn name(self) -> String {
        self.to_possible_value().expect("no work is skipped").get_name().to_string()
    }

    pub(super) fn help(self) -> String {
        let value = self.to_possible_value().expect("no work is skipped");
        value.get_help().expect("every work has a line").to_string()
    }

    pub(super) fn unit(self) -> Unit {
        match self {
            Work::W1
            | Work::W2
            | Work::TrainMnist
            | Work::W3a
            | Work::W3c
            | Work::D1
            | Work::D2
            | Work::Optimizers => Unit::SamplesPerSecond,
            Work::W3b => Unit::Microseconds,
            Work::Products | Work::Sgemm => Unit::Gigaflops,
            Work::Load | Work::Whole => Unit::Seconds,
        }
    }

    /// Whether it is a process that is started for it, rather than a request to a contestant.
    pub(super) fn is_process(self) -> bool {
        matches!(self, Work::TrainMnist | Work::Whole)
    }
}

/// What the values of a work are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    SamplesPerSecond,
    Gigaflops,
    Microseconds,
    Seconds,
}

impl Unit {
    pub(super) fn name(self) -> &'static str {
        match self {
            Unit::SamplesPerSecond => "k samples/s",
            Unit::Gigaflops => "GFLOP/s",
            Unit::Microseconds => "µs",
            Unit::Seconds => "s",
        }
    }

    /// The value as tables show it.
    pub(super) fn show(self, value: f64) -> String {
        let value = if self == Unit::SamplesPerSecond { value / 1000.0 } else { value };
        match self {
            Unit::Seconds => format!("{value:.2}"),
            _ if value >= 100.0 => format!("{value:.0}"),
            _ if value >= 10.0 => format!("{value:.1}"),
            _ => format!("{value:.2}"),
        }
    }

    /// How many times as fast `a` is as `b`.
    pub(super) fn ratio(self, a: f64, b: f64) -> f64 {
        match self {
            Unit::SamplesPerSecond | Unit::Gigaflops => a / b,
            Unit::Microseconds | Unit::Seconds => b / a,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_says_who_is_faster_whatever_the_unit() {
        assert_eq!(Unit::SamplesPerSecond.ratio(300.0, 100.0), 3.0);
        assert_eq!(Unit::Microseconds.ratio(2.0, 8.0), 4.0);
        assert_eq!(Unit::Seconds.ratio(8.0, 2.0), 0.25);
    }

    #[test]
    fn values_have_three_digits_or_more() {
        assert_eq!(Unit::SamplesPerSecond.show(1_234_567.0), "1235");
        assert_eq!(Unit::SamplesPerSecond.show(12_345.0), "12.3");
        assert_eq!(Unit::Microseconds.show(1.234), "1.23");
        assert_eq!(Unit::Seconds.show(11.666), "11.67");
    }

    #[test]
    fn works_have_names_and_lines() {
        assert_eq!(Work::W3a.name(), "W3a");
        assert!(Work::value_variants().iter().all(|work| work.help().len() > 20));
    }
}
