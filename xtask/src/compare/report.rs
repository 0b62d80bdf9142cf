//! How a comparison looks: a table for each work, and the goals.

use super::{
    contestant::Info,
    goals::Goal,
    peer::Peer,
    results::{Entry, Results},
    work::{Unit, Work},
};
use crate::{output, statistics::Spread};

/// The most characters on a line.
const WIDTH: usize = 100;

/// Who takes part, one line.
pub(super) fn contestant(peer: Peer, threads: usize, info: &Info) -> String {
    cut(&format!(
        "{} {}, {}: {}",
        peer.name(),
        info.version,
        output::counted(threads, "thread"),
        info.settings
    ))
}

/// The table of a work.
pub(super) fn table(results: &Results, work: Work) -> String {
    let mut lines = vec![
        format!("{}: {}; {}", work.name(), work.help(), work.unit().name()),
        format!(
            "{:13} {:12} {:>3}  {:22} {:>6} {:>6}  {}",
            "", "version", "thr", "median (min … max)", "loss", "acc %", "chainrule is × as fast"
        ),
    ];
    lines.extend(results.of(work).map(|entry| row(results, entry)));
    lines.iter().map(|line| cut(line.trim_end())).collect::<Vec<_>>().join("\n")
}

fn row(results: &Results, entry: &Entry) -> String {
    let head = format!("{:13} {:12} {:>3}", entry.peer.name(), entry.version, entry.threads);
    if let Some(problem) = &entry.problem {
        return format!("{head}  not ranked: {problem}");
    }
    let unit = entry.work.unit();
    let number = |value: Option<f64>, decimals| value.map_or(String::new(), |v| format!("{v:.decimals$}"));
    let ratio = results.ratio(entry).filter(|_| entry.peer != Peer::Chainrule);
    let ratio = ratio.map(|r| format!("{:.2} ({:.2} … {:.2})", r.median, r.min, r.max));
    let memory = entry.memory.map(|bytes| format!("{:.0} MB", bytes as f64 / 1e6));
    // Of a peer, the ratio says more than what it has to note.
    let note = entry.note.clone().filter(|_| ratio.is_none());
    let last = [ratio, memory, note].into_iter().flatten().collect::<Vec<_>>().join(", ");
    format!(
        "{head}  {:22} {:>6} {:>6}  {last}",
        spread(unit, entry.spread()),
        number(entry.loss(), 3),
        number(entry.accuracy().map(|share| 100.0 * share), 2),
    )
}

fn spread(unit: Unit, Spread { median, min, max }: Spread) -> String {
    format!("{} ({} … {})", unit.show(median), unit.show(min), unit.show(max))
}

/// One line about a goal.
pub(super) fn goal(results: &Results, goal: &Goal) -> String {
    cut(&format!("{}  {:62}  {}", goal.number, goal.text(), verdict(results, goal)))
}

/// Whether a goal is reached, or by how much not.
pub(super) fn verdict(results: &Results, goal: &Goal) -> String {
    match goal.measured(results) {
        None => "not measured".to_string(),
        Some(measured) => match goal.short_by(measured) {
            None => format!("reached: {}", goal.show(measured)),
            Some(short) => format!("short by {:.0} %: {}", 100.0 * short, goal.show(measured)),
        },
    }
}

fn cut(line: &str) -> String {
    match line.chars().count() > WIDTH {
        true => line.chars().take(WIDTH - 1).chain(['…']).collect(),
        false => line.to_string(),
    }
}

/// `{"event":"contestant",…}`
pub(super) fn contestant_event(peer: Peer, threads: usize, info: &Info) {
    let who = [("contestant", peer.id().into()), ("version", (&*info.version).into())];
    let how = [("threads", threads.into()), ("settings", (&*info.settings).into())];
    output::event("contestant", &[who, how].concat());
}

/// `{"event":"result",…}`; samples/s are whole ones here, not thousands.
pub(super) fn result_event(results: &Results, entry: &Entry) {
    let spread = entry.is_ranked().then(|| entry.spread());
    let ratio = results.ratio(entry);
    output::event(
        "result",
        &[
            ("work", entry.work.name().into()),
            ("contestant", entry.peer.id().into()),
            ("version", (&*entry.version).into()),
            ("threads", entry.threads.into()),
            ("median", spread.map(|s| s.median).into()),
            ("min", spread.map(|s| s.min).into()),
            ("max", spread.map(|s| s.max).into()),
            ("values", (&*entry.values).into()),
            ("loss", entry.loss().into()),
            ("accuracy", entry.accuracy().into()),
            ("memory", entry.memory.into()),
            ("ratio", ratio.map(|r| r.median).into()),
            ("ratio_min", ratio.map(|r| r.min).into()),
            ("ratio_max", ratio.map(|r| r.max).into()),
            ("note", entry.note.as_deref().into()),
            ("problem", entry.problem.as_deref().into()),
        ],
    );
}

/// `{"event":"goal",…}`; `reached` is null where something was not measured.
pub(super) fn goal_event(results: &Results, goal: &Goal) {
    let measured = goal.measured(results);
    let short_by = measured.and_then(|measured| goal.short_by(measured));
    output::event(
        "goal",
        &[
            ("goal", goal.number.into()),
            ("text", goal.text().into()),
            ("measured", measured.into()),
            ("reached", measured.map(|_| short_by.is_none()).into()),
            ("short_by", short_by.into()),
        ],
    );
}

#[cfg(test)]
mod tests {
    use super::{super::results::tests::entry, *};

    #[test]
    fn a_table_has_ratios_and_reasons_and_fits() {
        let mut results = Results::default();
        let mut failed = entry(Work::W1, Peer::TorchCompile, 2, &[]);
        failed.problem = Some("no compiler ".repeat(20));
        results.add(vec![
            entry(Work::W1, Peer::Chainrule, 2, &[1.0e6, 1.2e6, 1.3e6]),
            entry(Work::W1, Peer::Jax, 2, &[250e3, 240e3, 130e3]),
            failed,
        ]);
        let text = table(&results, Work::W1);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 5);
        assert!(lines[0].starts_with("W1: trains 784-50-10") && lines[0].ends_with("k samples/s"));
        assert_eq!(lines[2], "chainrule     1.0            2  1200 (1000 … 1300)");
        assert!(lines[3].starts_with("JAX           1.0            2  240 (130 … 250)"), "{}", lines[3]);
        assert!(lines[3].ends_with("  5.00 (4.00 … 10.00)"), "{}", lines[3]);
        assert!(lines[4].contains("not ranked: no compiler") && lines[4].ends_with('…'), "{}", lines[4]);
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH), "{text}");
    }
}
