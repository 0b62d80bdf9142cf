//! `cargo xtask compare`: the speed of chainrule and of other libraries (its peers), measured in turn in one run.
//!
//! Every contestant is one process that loads the data once and then does a work whenever it is asked to, so that all
//! meet the same state of the machine. `benches/peers/README.md` says what is measured and how it is kept fair.

mod contestant;
mod goals;
mod markdown;
mod options;
mod peer;
mod prepare;
mod report;
mod results;
mod whole;
mod work;

use contestant::Contestant;
use peer::Peer;
use prepare::Programs;
use results::{Entry, Results};
use work::Work;

use crate::{Result, machine, output};

pub(crate) use options::Compare;

pub(crate) fn run(options: &Compare) -> Result<()> {
    let peers = options.peers();
    let mut failed = Vec::new();
    let programs = prepare::prepare(options, &peers, &mut failed)?;
    match options.json {
        true => output::event("machine", &[("machine", machine::name().into())]),
        false if options.talk() => output::line(machine::name()),
        false => {}
    }
    let mut results = Results::default();
    for threads in options.thread_counts() {
        let mut contestants = start(options, &peers, &programs, threads, &mut failed)?;
        for work in options.works() {
            if options.talk() {
                let on = output::counted(threads, "thread");
                output::line(format_args!("measuring {} on {on}", work.name()));
            }
            results.add(measure(work, threads, options.rounds, &mut contestants, &programs));
        }
    }
    print(options, &results, &failed);
    match results.entries.iter().find(|e| e.peer == Peer::Chainrule && e.problem.is_some()) {
        // That a comparison has nothing of ours in it must not look like a success.
        Some(Entry { work, problem: Some(problem), .. }) if !work.is_process() => {
            Err(format!("chainrule could not be measured in {}: {problem}", work.name()).into())
        }
        _ => Ok(()),
    }
}

/// Starts all contestants on so many threads and says who they are. Who doesn't start is left out, chainrule excepted.
fn start(
    options: &Compare,
    peers: &[Peer],
    programs: &Programs,
    threads: usize,
    failed: &mut Vec<(Peer, String)>,
) -> Result<Vec<Contestant>> {
    let mut contestants = Vec::new();
    for &peer in peers.iter().filter(|peer| programs.has(**peer)) {
        match Contestant::start(peer, programs.command(peer, threads), threads) {
            Ok(contestant) => {
                let info = &contestant.info;
                match options.json {
                    true => report::contestant_event(peer, threads, info),
                    false if options.talk() => output::line(report::contestant(peer, threads, info)),
                    false => {}
                }
                contestants.push(contestant);
            }
            Err(error) if peer == Peer::Chainrule => {
                return Err(format!("chainrule's contestant has failed: {error}").into());
            }
            Err(error) if failed.iter().any(|(known, _)| *known == peer) => drop(error),
            Err(error) => failed.push((peer, error.to_string())),
        }
    }
    Ok(contestants)
}

/// Lets everybody do a work once to warm up and then once in every round.
fn measure(
    work: Work,
    threads: usize,
    rounds: usize,
    contestants: &mut [Contestant],
    programs: &Programs,
) -> Vec<Entry> {
    let entry = |c: &Contestant| Entry::new(work, c.peer, threads, &c.info);
    let mut entries: Vec<Entry> = contestants.iter().map(entry).collect();
    let name = work.name();
    for round in 0..=rounds {
        let warm_up = round == 0;
        for (contestant, entry) in contestants.iter_mut().zip(&mut entries) {
            match work {
                _ if !entry.is_able() => {}
                // A process that starts anew has no warm-up.
                _ if work.is_process() => {
                    if !warm_up {
                        whole::add(entry, programs);
                    }
                }
                _ => entry.add(contestant.ask(&name), warm_up),
            }
        }
    }
    entries
}

fn print(options: &Compare, results: &Results, failed: &[(Peer, String)]) {
    let (works, threads) = (options.works(), options.thread_counts());
    let mut goals = goals::goals();
    goals.retain(|goal| works.contains(&goal.work) && threads.contains(&goal.threads));
    if options.markdown {
        return output::lines(markdown::page(results, &goals, failed).trim_end());
    }
    if options.json {
        results.entries.iter().for_each(|entry| report::result_event(results, entry));
        goals.iter().for_each(|goal| report::goal_event(results, goal));
        return;
    }
    for (peer, why) in failed {
        output::line(format_args!("{} is left out: {why}", peer.name()));
    }
    for work in works {
        if results.of(work).next().is_some() {
            output::lines(format_args!("\n{}", report::table(results, work)));
        }
    }
    if !goals.is_empty() {
        output::lines("\ngoals");
        goals.iter().for_each(|goal| output::line(report::goal(results, goal)));
    }
}
