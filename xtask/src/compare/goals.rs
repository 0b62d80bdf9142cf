//! The goals that the engine is measured by, and how far they are reached.

use super::{
    peer::Peer,
    results::{Entry, Results},
    work::Work,
};
use crate::output::counted;

/// What is compared with a goal's limit.
#[derive(Clone, Copy, Debug)]
enum Measure {
    /// chainrule's own value.
    Value,
    /// How many times as fast as the fastest of these chainrule is.
    Times(&'static [Peer]),
    /// How many times as fast as any peer chainrule is.
    TimesAny,
    /// chainrule's value as a share of the best value of a peer in another work.
    ShareOfBest(Work),
    /// chainrule's value as a share of its own in another work.
    ShareOfOwn(Work),
    /// Megabytes at most in use.
    Memory,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Limit {
    AtLeast(f64),
    AtMost(f64),
}

/// A goal: its number, the work, the threads, what is measured, and its limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goal {
    pub(super) number: u32,
    pub(super) work: Work,
    pub(super) threads: usize,
    measure: Measure,
    limit: Limit,
}

const COMPILERS_TOO: &[Peer] = &[Peer::Torch, Peer::TorchCompile, Peer::Jax];

/// All goals, by number.
pub(super) fn goals() -> Vec<Goal> {
    use Limit::{AtLeast, AtMost};
    use Measure::{Memory, ShareOfBest, ShareOfOwn, Times, TimesAny, Value};
    let goal = |number, work, threads, measure, limit| Goal { number, work, threads, measure, limit };
    let mut goals = vec![
        goal(1, Work::W1, 2, Value, AtLeast(1.3e6)),
        goal(1, Work::W1, 1, Value, AtLeast(0.8e6)),
        goal(1, Work::TrainMnist, 2, Value, AtLeast(1.3e6)),
        goal(1, Work::TrainMnist, 1, Value, AtLeast(0.8e6)),
        goal(1, Work::W1, 2, Times(&[Peer::Jax]), AtLeast(5.0)),
        goal(1, Work::W1, 2, Times(&[Peer::Torch]), AtLeast(10.0)),
        goal(1, Work::W1, 2, Times(&[Peer::Numpy]), AtLeast(7.5)),
        goal(1, Work::Optimizers, 2, ShareOfOwn(Work::W1), AtLeast(1.0 / 1.5)),
        goal(1, Work::Optimizers, 1, ShareOfOwn(Work::W1), AtLeast(1.0 / 1.5)),
        goal(2, Work::W2, 2, Value, AtLeast(95e3)),
        goal(2, Work::W2, 1, Value, AtLeast(50e3)),
        goal(2, Work::W2, 2, Times(&[Peer::Jax]), AtLeast(3.0)),
        goal(2, Work::W2, 2, Times(&[Peer::Torch]), AtLeast(4.0)),
        goal(3, Work::W3a, 2, Value, AtLeast(3e6)),
        goal(3, Work::W3c, 2, Value, AtLeast(4e6)),
        goal(3, Work::W3b, 1, Value, AtMost(1.2)),
        goal(3, Work::W3b, 1, TimesAny, AtLeast(5.0)),
    ];
    for threads in [1, 2] {
        goals.push(goal(4, Work::D1, threads, Times(COMPILERS_TOO), AtLeast(0.9)));
        goals.push(goal(4, Work::D2, threads, Times(COMPILERS_TOO), AtLeast(0.9)));
        goals.push(goal(4, Work::Products, threads, ShareOfBest(Work::Sgemm), AtLeast(0.75)));
    }
    goals.push(goal(5, Work::Whole, 2, Value, AtMost(0.6)));
    goals.push(goal(5, Work::Whole, 2, Memory, AtMost(150.0)));
    goals.push(goal(5, Work::Load, 1, Value, AtMost(0.2)));
    goals
}

impl Goal {
    /// The goal in words.
    pub(super) fn text(&self) -> String {
        let work = self.work.name();
        let on = format!("on {}", counted(self.threads, "thread"));
        let limit = match self.limit {
            Limit::AtLeast(value) => format!("at least {}", self.show(value)),
            Limit::AtMost(value) => format!("at most {}", self.show(value)),
        };
        match self.measure {
            Measure::Value => format!("{work} {on}: {limit}"),
            Measure::Times(&[peer]) => format!("{work} {on}: {limit} as fast as {}", peer.name()),
            Measure::Times(_) => format!("{work} {on}: {limit} as fast as PyTorch and JAX"),
            Measure::TimesAny => format!("{work} {on}: {limit} as fast as the fastest peer"),
            Measure::ShareOfBest(other) => {
                format!("{work} {on}: {limit} of the best peer's {}", other.name())
            }
            Measure::ShareOfOwn(other) => format!("{work} {on}: {limit} of the speed of {}", other.name()),
            Measure::Memory => format!("{work} {on}: {limit} of memory"),
        }
    }

    /// What was measured, if everything was that the goal asks for.
    pub(super) fn measured(&self, results: &Results) -> Option<f64> {
        let ours = results.ranked(self.work, self.threads, Peer::Chainrule)?;
        let value = ours.spread().median;
        let ratio = |entry: &Entry| results.ratio(entry).map(|ratio| ratio.median);
        match self.measure {
            Measure::Value => Some(value),
            Measure::Times(peers) => {
                let of = |peer: &Peer| results.ranked(self.work, self.threads, *peer).and_then(ratio);
                peers.iter().filter_map(of).min_by(f64::total_cmp)
            }
            Measure::TimesAny => {
                let all = results.of(self.work).filter(|e| e.threads == self.threads);
                all.filter(|e| e.peer != Peer::Chainrule).filter_map(ratio).min_by(f64::total_cmp)
            }
            Measure::ShareOfBest(other) => {
                let all = results.of(other).filter(|e| e.threads == self.threads && e.is_ranked());
                let peers = all.filter(|e| e.peer != Peer::Chainrule);
                let best = peers.map(|entry| entry.spread().median).max_by(f64::total_cmp)?;
                Some(value / best)
            }
            Measure::ShareOfOwn(other) => {
                let other = results.ranked(other, self.threads, Peer::Chainrule)?;
                Some(value / other.spread().median)
            }
            Measure::Memory => ours.memory.map(|bytes| bytes as f64 / 1e6),
        }
    }

    /// By what share of the limit it is missed; nothing if it is reached.
    pub(super) fn short_by(&self, measured: f64) -> Option<f64> {
        let short = match self.limit {
            Limit::AtLeast(limit) => 1.0 - measured / limit,
            Limit::AtMost(limit) => measured / limit - 1.0,
        };
        (short > 0.0).then_some(short)
    }

    /// A measured value, or the limit, with its unit.
    pub(super) fn show(&self, value: f64) -> String {
        let unit = self.work.unit();
        match self.measure {
            Measure::Value => format!("{} {}", unit.show(value), unit.name()),
            Measure::Times(_) | Measure::TimesAny => format!("{value:.2} ×"),
            Measure::ShareOfBest(_) | Measure::ShareOfOwn(_) => format!("{:.0} %", 100.0 * value),
            Measure::Memory => format!("{value:.0} MB"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::results::tests::entry, *};

    fn goal(work: Work, measure: Measure, limit: Limit) -> Goal {
        Goal { number: 1, work, threads: 1, measure, limit }
    }

    #[test]
    fn goals_are_reached_or_short_by_a_share() {
        let fast = goal(Work::W1, Measure::Value, Limit::AtLeast(100.0));
        assert_eq!((fast.short_by(100.0), fast.short_by(75.0)), (None, Some(0.25)));
        let soon = goal(Work::W3b, Measure::Value, Limit::AtMost(2.0));
        assert_eq!((soon.short_by(1.0), soon.short_by(3.0)), (None, Some(0.5)));
    }

    #[test]
    fn goals_are_measured_against_the_best() {
        let mut results = Results::default();
        results.add(vec![
            entry(Work::W1, Peer::Chainrule, 1, &[600.0]),
            entry(Work::W1, Peer::Torch, 1, &[100.0]),
            entry(Work::W1, Peer::Jax, 1, &[200.0]),
            entry(Work::W1, Peer::Burn, 1, &[300.0]),
        ]);
        results.add(vec![
            entry(Work::Sgemm, Peer::Chainrule, 1, &[90.0]),
            entry(Work::Sgemm, Peer::Numpy, 1, &[80.0]),
        ]);
        results.add(vec![entry(Work::Products, Peer::Chainrule, 1, &[40.0])]);
        let measured = |work, measure| goal(work, measure, Limit::AtLeast(1.0)).measured(&results);
        assert_eq!(measured(Work::W1, Measure::Value), Some(600.0));
        assert_eq!(measured(Work::W1, Measure::Times(COMPILERS_TOO)), Some(3.0));
        assert_eq!(measured(Work::W1, Measure::TimesAny), Some(2.0));
        assert_eq!(measured(Work::W1, Measure::Times(&[Peer::Numpy])), None);
        assert_eq!(measured(Work::Products, Measure::ShareOfBest(Work::Sgemm)), Some(0.5));
        assert_eq!(measured(Work::W2, Measure::Value), None);
    }

    #[test]
    fn goals_fit_on_a_line_with_what_was_measured() {
        let goals = goals();
        assert!(goals.iter().all(|goal| goal.text().chars().count() <= 62), "{goals:#?}");
        assert_eq!(goals[0].text(), "W1 on 2 threads: at least 1300 k samples/s");
        assert_eq!(goals[4].text(), "W1 on 2 threads: at least 5.00 × as fast as JAX");
        assert_eq!(goals.iter().map(|goal| goal.number).max(), Some(5));
    }
}
