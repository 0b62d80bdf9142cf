//! What was measured, and whom that ranks.

use super::{
    contestant::{Answer, Info},
    peer::Peer,
    work::Work,
};
use crate::statistics::{Spread, mean};

/// A contestant's values in a work on a number of threads.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) work: Work,
    pub(super) peer: Peer,
    pub(super) threads: usize,
    pub(super) version: String,
    /// One for each round.
    pub(super) values: Vec<f64>,
    losses: Vec<f64>,
    accuracies: Vec<f64>,
    /// Bytes, of a whole process.
    pub(super) memory: Option<u64>,
    pub(super) note: Option<String>,
    /// Why it is not ranked.
    pub(super) problem: Option<String>,
    /// It does other works only.
    missing: bool,
}

impl Entry {
    pub(super) fn new(work: Work, peer: Peer, threads: usize, info: &Info) -> Entry {
        Entry {
            work,
            peer,
            threads,
            version: info.version.clone(),
            values: Vec::new(),
            losses: Vec::new(),
            accuracies: Vec::new(),
            memory: None,
            note: None,
            problem: None,
            missing: false,
        }
    }

    /// Adds an answer; those of the warm-up are looked at, but not counted.
    pub(super) fn add(&mut self, answer: Answer, warm_up: bool) {
        match answer {
            Answer::Value { value, loss, accuracy, note } if !warm_up => {
                self.values.push(value);
                self.losses.extend(loss);
                self.accuracies.extend(accuracy);
                self.note = note;
            }
            Answer::Value { .. } => {}
            Answer::Missing => self.missing = true,
            Answer::Problem(problem) => {
                self.problem.get_or_insert(problem);
            }
        }
    }

    /// Whether it makes sense to ask again.
    pub(super) fn is_able(&self) -> bool {
        self.problem.is_none() && !self.missing
    }

    pub(super) fn spread(&self) -> Spread {
        Spread::of(&self.values)
    }

    /// The mean over the rounds of the loss on the test images: less noisy than that of the last.
    pub(super) fn loss(&self) -> Option<f64> {
        (!self.losses.is_empty()).then(|| mean(&self.losses))
    }

    /// The mean over the rounds of the accuracy on the test images.
    pub(super) fn accuracy(&self) -> Option<f64> {
        (!self.accuracies.is_empty()).then(|| mean(&self.accuracies))
    }

    pub(super) fn is_ranked(&self) -> bool {
        self.problem.is_none() && !self.values.is_empty()
    }

    /// Compares what was learned with what chainrule learned: a peer that did not do the same work is not ranked.
    fn check_against(&mut self, chainrule: &Entry) {
        if let (Some(loss), Some(ours)) = (self.loss(), chainrule.loss()) {
            // A tenth, and what two orders of the samples differ by when hardly a loss is left.
            let same = (loss - ours).abs() <= 0.1 * ours + 0.01;
            if !same {
                self.problem.get_or_insert(format!("its loss is {loss:.3}, chainrule's {ours:.3}"));
            }
        }
        if let (Some(accuracy), Some(ours)) = (self.accuracy(), chainrule.accuracy()) {
            let same = (accuracy - ours).abs() <= 0.015;
            if !same {
                let (theirs, ours) = (100.0 * accuracy, 100.0 * ours);
                self.problem.get_or_insert(format!("its accuracy is {theirs:.1} %, chainrule's {ours:.1} %"));
            }
        }
    }
}

/// All entries, in the order in which they were measured.
#[derive(Debug, Default)]
pub(super) struct Results {
    pub(super) entries: Vec<Entry>,
}

impl Results {
    /// Adds what was measured for one work and one number of threads, chainrule among it.
    pub(super) fn add(&mut self, mut entries: Vec<Entry>) {
        // Who does not do the work has neither values nor a problem.
        entries.retain(|entry| entry.problem.is_some() || !entry.values.is_empty());
        let chainrule = entries.iter().find(|entry| entry.peer == Peer::Chainrule).cloned();
        if let Some(chainrule) = chainrule.filter(Entry::is_ranked) {
            // In a whole process, each stops where it recognises enough.
            entries.iter_mut().filter(|e| !e.work.is_process()).for_each(|e| e.check_against(&chainrule));
        }
        self.entries.extend(entries);
    }

    pub(super) fn of(&self, work: Work) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.work == work)
    }

    /// The entry, if it is ranked.
    pub(super) fn ranked(&self, work: Work, threads: usize, peer: Peer) -> Option<&Entry> {
        self.of(work).find(|e| (e.threads, e.peer) == (threads, peer) && e.is_ranked())
    }

    /// How many times as fast as `entry` chainrule is: the ratio of the medians, and the least and greatest of a round.
    pub(super) fn ratio(&self, entry: &Entry) -> Option<Spread> {
        let chainrule = self.ranked(entry.work, entry.threads, Peer::Chainrule)?;
        if !entry.is_ranked() {
            return None;
        }
        let unit = entry.work.unit();
        let pairs = chainrule.values.iter().zip(&entry.values);
        let by_round: Vec<f64> = pairs.map(|(&ours, &theirs)| unit.ratio(ours, theirs)).collect();
        let median = unit.ratio(chainrule.spread().median, entry.spread().median);
        Some(Spread { median, ..Spread::of(&by_round) })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn entry(work: Work, peer: Peer, threads: usize, values: &[f64]) -> Entry {
        let mut entry = Entry::new(work, peer, threads, &Info { version: "1.0".into(), ..Info::default() });
        entry.values = values.to_vec();
        entry
    }

    fn trained(peer: Peer, loss: f64, accuracy: f64) -> Entry {
        Entry {
            losses: vec![loss - 0.1, loss + 0.1],
            accuracies: vec![accuracy],
            ..entry(Work::W1, peer, 1, &[100.0, 200.0])
        }
    }

    #[test]
    fn a_peer_that_learned_something_else_is_not_ranked() {
        let peers = [(Peer::Numpy, 0.54, 0.9), (Peer::Jax, 0.57, 0.9), (Peer::Torch, 0.5, 0.88)];
        let mut results = Results::default();
        let peers = peers.map(|(peer, loss, accuracy)| trained(peer, loss, accuracy));
        results.add([trained(Peer::Chainrule, 0.5, 0.9)].into_iter().chain(peers).collect());
        let problems: Vec<_> = results.entries.iter().map(|e| e.problem.as_deref()).collect();
        let expected = [
            None,
            None,
            Some("its loss is 0.570, chainrule's 0.500"),
            Some("its accuracy is 88.0 %, chainrule's 90.0 %"),
        ];
        assert_eq!(problems, expected);
        assert_eq!(results.ratio(&results.entries[2]), None);
    }

    #[test]
    fn a_loss_that_is_no_number_is_not_the_same() {
        let mut peer = trained(Peer::Numpy, f64::NAN, 0.9);
        peer.check_against(&trained(Peer::Chainrule, 0.5, 0.9));
        assert!(!peer.is_ranked());
    }

    #[test]
    fn ratios_are_of_medians_and_of_rounds() {
        let mut results = Results::default();
        results.add(vec![
            entry(Work::W3b, Peer::Chainrule, 1, &[1.0, 2.0, 4.0]),
            entry(Work::W3b, Peer::Jax, 1, &[30.0, 20.0, 20.0]),
            entry(Work::W3b, Peer::Sklearn, 1, &[]),
        ]);
        assert_eq!(results.entries.len(), 2);
        let ratio = results.ratio(&results.entries[1]).unwrap();
        assert_eq!(ratio, Spread { median: 10.0, min: 5.0, max: 30.0 });
    }

    #[test]
    fn the_warm_up_is_not_counted_but_its_problems_are() {
        let value = Answer::Value { value: 5.0, loss: Some(1.0), accuracy: None, note: None };
        let mut entry = entry(Work::W1, Peer::Numpy, 1, &[]);
        entry.add(value.clone(), true);
        assert_eq!((entry.values.len(), entry.loss()), (0, None));
        entry.add(value, false);
        assert_eq!((&entry.values[..], entry.loss()), (&[5.0][..], Some(1.0)));
        entry.add(Answer::Problem("no memory".into()), true);
        assert!(!entry.is_ranked() && !entry.is_able());
    }
}
