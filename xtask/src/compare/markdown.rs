//! A comparison in Markdown: a table of all workloads, and one of the goals.

use std::collections::BTreeSet;

use clap::ValueEnum;

use super::{
    goals::Goal,
    peer::Peer,
    report::verdict,
    results::{Entry, Results},
    work::Work,
};
use crate::machine;

/// Both tables, with what one has to know about them.
pub(super) fn page(results: &Results, goals: &[Goal], failed: &[(Peer, String)]) -> String {
    let threads: BTreeSet<usize> = results.entries.iter().map(|entry| entry.threads).collect();
    let numbers = threads.iter().map(usize::to_string).collect::<Vec<_>>().join(" / ");
    let rounds = results.entries.iter().map(|entry| entry.values.len()).max().unwrap_or(0);
    let mut page = format!(
        "On {}. Medians of {rounds} rounds with {numbers} threads; in brackets how many times as fast chainrule is.\n\n",
        machine::name()
    );
    page.push_str(&works(results, &threads));
    for (peer, why) in failed {
        page.push_str(&format!("\n{} is left out: {why}\n", peer.name()));
    }
    if !goals.is_empty() {
        page.push_str("\n| goal | | measured |\n| --- | --- | --- |\n");
        for goal in goals {
            page.push_str(&row([goal.number.to_string(), goal.text(), verdict(results, goal)]));
        }
    }
    page
}

/// A row for each work, a column for each contestant.
fn works(results: &Results, threads: &BTreeSet<usize>) -> String {
    let mut all: Vec<(Peer, &str)> = Vec::new();
    for entry in &results.entries {
        if !all.iter().any(|(peer, _)| *peer == entry.peer) {
            all.push((entry.peer, &entry.version));
        }
    }
    let head = all.iter().map(|(peer, version)| format!("{} {version}", peer.name()));
    let mut table = row(["workload".to_string()].into_iter().chain(head));
    table.push_str(&row(vec!["---".to_string(); all.len() + 1]));
    let is_measured = |work: &&Work| results.of(**work).next().is_some();
    for work in Work::value_variants().iter().filter(is_measured) {
        let name = format!("**{}** {}, {}", work.name(), work.help(), work.unit().name());
        let cells = all.iter().map(|(peer, _)| {
            let found = threads.iter().map(|threads| results.ranked(*work, *threads, *peer));
            let found: Vec<Option<&Entry>> = found.collect();
            match found.iter().any(Option::is_some) {
                false => "–".to_string(),
                true => found.iter().map(|entry| cell(results, *entry)).collect::<Vec<_>>().join(" / "),
            }
        });
        table.push_str(&row([name].into_iter().chain(cells)));
    }
    table
}

fn cell(results: &Results, entry: Option<&Entry>) -> String {
    let Some(entry) = entry else { return "–".to_string() };
    let value = entry.work.unit().show(entry.spread().median);
    match results.ratio(entry) {
        Some(ratio) if entry.peer != Peer::Chainrule => format!("{value} ({:.1})", ratio.median),
        _ => value,
    }
}

fn row(cells: impl IntoIterator<Item = String>) -> String {
    // A bar would end the cell.
    let cells: Vec<String> = cells.into_iter().map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::{super::goals::goals, super::results::tests::entry, *};

    #[test]
    fn a_page_has_works_with_ratios_and_goals() {
        let mut results = Results::default();
        for (threads, ours, theirs) in [(1, 800e3, 200e3), (2, 1.3e6, 260e3)] {
            let mut failed = entry(Work::W1, Peer::Torch, threads, &[]);
            failed.problem = Some("no | memory".into());
            results.add(vec![
                entry(Work::W1, Peer::Chainrule, threads, &[ours]),
                entry(Work::W1, Peer::Jax, threads, &[theirs]),
                failed,
            ]);
        }
        let goals: Vec<Goal> = goals().into_iter().filter(|goal| goal.work == Work::W1).take(2).collect();
        let page = page(&results, &goals, &[(Peer::Burn, "no such machine".into())]);
        for expected in [
            "Medians of 1 rounds with 1 / 2 threads",
            "| workload | chainrule 1.0 | JAX 1.0 | PyTorch 1.0 |\n| --- | --- | --- | --- |\n",
            "k samples/s | 800 / 1300 | 200 (4.0) / 260 (5.0) | – |\n",
            "\nburn is left out: no such machine\n",
            "| 1 | W1 on 2 threads: at least 1300 k samples/s | reached: 1300 k samples/s |\n",
        ] {
            assert!(page.contains(expected), "{expected:?} in\n{page}");
        }
    }
}
