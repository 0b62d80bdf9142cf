//! Printing: plain lines for people, one JSON object per line for programs, a progress bar in a terminal.

use std::{
    fmt::Display,
    io::{self, ErrorKind, IsTerminal, Write},
    sync::{
        OnceLock,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use chainrule_report::harmless;
use chainrule_trainer::{EpochReport, Evaluation, StepReport};
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use serde_json::Value;

use crate::Result;

/// Why standard output takes no more lines, if it doesn't.
static CLOSED: OnceLock<ErrorKind> = OnceLock::new();

/// Writes one line to standard output, harmless whatever is in it. Where that is no longer possible, the work goes
/// on: a network is not lost because a reader has gone away. What it was is told by `finish`.
pub fn line(text: impl Display) {
    if CLOSED.get().is_none()
        && let Err(cause) = writeln!(io::stdout(), "{}", harmless(&text.to_string()))
    {
        CLOSED.get_or_init(|| cause.kind());
    }
}

/// The same for text of several lines, whose ends are ours.
pub fn lines(text: impl Display) {
    text.to_string().split('\n').for_each(line);
}

/// Writes one line to standard error, [harmless] whatever is in it. Where that cannot be done, as on a full disk or in a
/// terminal that was closed, nobody can be told; it is no reason to end.
pub(crate) fn complain(text: impl Display) {
    let _ = writeln!(io::stderr(), "{}", harmless(&text.to_string()));
}

/// Fails if lines were lost, unless their reader went away by itself, as `head` does.
pub(crate) fn finish() -> Result<()> {
    printed(io::stdout().flush())
}

/// The same where the last of them were printed with this result.
pub(crate) fn printed(result: io::Result<()>) -> Result<()> {
    match CLOSED.get().copied().or(result.err().map(|cause| cause.kind())) {
        None | Some(ErrorKind::BrokenPipe) => Ok(()),
        Some(kind) => Err(format!("the results could not be printed: {kind}").into()),
    }
}

/// Writes one JSON object as a line.
pub fn json(object: &impl Serialize) {
    line(serde_json::to_string(object).expect("numbers, strings and lists always have a JSON form"));
}

/// The name and the value of a member of an object.
pub type Member<'a> = (&'a str, Value);

/// Writes the object `{"event":…,…}` as a line, its members in this order.
pub fn event(event: &str, members: &[Member<'_>]) {
    let members = [("event", event.into())].into_iter().chain(members.iter().cloned());
    let members: Vec<String> = members.map(|(name, value)| format!("\"{name}\":{value}")).collect();
    line(format_args!("{{{}}}", members.join(",")));
}

/// Tells a program that, or a person this.
pub fn tell(json: bool, event: &str, members: &[Member<'_>], text: impl Display) {
    match json {
        true => self::event(event, members),
        false => lines(text),
    }
}

/// The accuracy of every class as a table of two lines.
pub(crate) fn per_class(evaluation: &Evaluation) -> String {
    let (mut classes, mut accuracies) = ("class ".to_string(), "test %".to_string());
    let Some(confusion) = &evaluation.confusion else { return String::new() };
    for class in 0..confusion.n_classes() {
        let accuracy =
            confusion.recall(class).map_or("–".to_string(), |share| format!("{:.1}", 100.0 * share));
        classes.push_str(&format!("{class:>6}"));
        accuracies.push_str(&format!("{accuracy:>6}"));
    }
    format!("{classes}\n{accuracies}")
}

/// One line about an epoch, of at most 80 characters; where the terminal is narrower, without what it has no room for.
pub(crate) fn epoch(report: &EpochReport, epochs: u64) -> String {
    epoch_within(report, epochs, width())
}

fn epoch_within(report: &EpochReport, epochs: u64, columns: usize) -> String {
    let width = epochs.to_string().len();
    let share = |name: &str, accuracy: Option<f64>| {
        accuracy.map_or(String::new(), |accuracy| format!("  {name} {:5.2} %", 100.0 * accuracy))
    };
    let begins = |train: Option<f64>| {
        format!(
            "epoch {:width$}/{epochs}  loss {:.4}{}{}{}",
            report.epoch,
            report.train_loss,
            share("train", train),
            share("val", report.validation_accuracy),
            share("test", report.test_accuracy),
        )
    };
    let mut text = begins(report.train_accuracy);
    if text.chars().count() > columns {
        text = begins(None);
    }
    let rate = report.validation_accuracy.is_none().then(|| throughput(report.samples_per_second));
    for more in [Some(format!("{:.2} s", report.seconds)), rate].into_iter().flatten() {
        if text.chars().count() + 2 + more.chars().count() > columns {
            break;
        }
        text.push_str(&format!("  {more}"));
    }
    text
}

/// Samples per second, in thousands where there are that many.
pub(crate) fn throughput(samples_per_second: f64) -> String {
    match samples_per_second {
        rate if rate >= 10_000.0 => format!("{} k samples/s", thousands(rate / 1000.0)),
        rate => format!("{} samples/s", thousands(rate)),
    }
}

/// A number without decimals, its thousands apart: `1 234 567`.
fn thousands(number: f64) -> String {
    HumanCount(number.round() as u64).to_string().replace(',', " ")
}

/// `1 step`, `2 steps`, …
pub fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// The columns that there are for a line: those of the terminal, or else 80.
pub(crate) fn width() -> usize {
    match terminal_size::terminal_size_of(io::stdout()) {
        Some((columns, _)) => usize::from(columns.0).max(40),
        None => 80,
    }
}

/// Work that takes longer shows a spinner or a bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often a spinner turns.
const TICK: Duration = Duration::from_millis(100);

/// How often a bar is drawn at most, in a second.
const HERTZ: u8 = 5;

/// Shows a spinner while `work` runs, if `wanted`, in a terminal, once it has taken a second.
pub(crate) fn spin<R>(wanted: bool, message: &'static str, work: impl FnOnce() -> R) -> R {
    let (done, is_done) = mpsc::channel::<()>();
    thread::scope(|scope| {
        // Where no thread can be started, the work is done without a spinner.
        let _ = thread::Builder::new().spawn_scoped(scope, move || {
            if let Err(RecvTimeoutError::Timeout) = is_done.recv_timeout(PATIENCE) {
                let spinner = bar(wanted, "{spinner} {msg}  {elapsed}").with_message(message);
                // Until the other end is dropped.
                while let Err(RecvTimeoutError::Timeout) = is_done.recv_timeout(TICK) {
                    spinner.tick();
                }
                spinner.finish_and_clear();
            }
        });
        let result = work();
        drop(done);
        result
    })
}

/// A bar of this form, if `wanted` and both outputs are terminals; else one that is never seen. It is drawn when it changes, and
/// by no thread of its own, since one that cannot be started would be a panic.
fn bar(wanted: bool, template: &str) -> ProgressBar {
    if !(wanted && io::stdout().is_terminal() && io::stderr().is_terminal()) {
        return ProgressBar::hidden();
    }
    let target = ProgressDrawTarget::stderr_with_hz(HERTZ);
    ProgressBar::with_draw_target(Some(1), target).with_style(style(template))
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is a valid one")
}

/// A progress bar with loss, throughput and remaining time; nothing where no person watches.
pub struct Bar {
    bar: ProgressBar,
    /// When a bar that is not shown yet will be.
    shown_at: Option<Instant>,
}

impl Bar {
    /// A bar, if `wanted` and both outputs are terminals.
    pub fn new(wanted: bool) -> Bar {
        let bar = bar(wanted, "{msg}").with_message("the first step …");
        bar.tick();
        Bar { bar, shown_at: None }
    }

    /// The same for work that is counted by [`share`](Bar::share), once it has taken a second.
    pub(crate) fn after_a_second(wanted: bool) -> Bar {
        let bar = bar(wanted, "{bar:40.cyan/dim} {msg}");
        let shown_at = (!bar.is_hidden()).then(|| Instant::now() + PATIENCE);
        bar.set_draw_target(ProgressDrawTarget::hidden());
        Bar { bar, shown_at }
    }

    pub(crate) fn step(&self, step: &StepReport) {
        if self.bar.is_hidden() {
            return;
        }
        let is_first = self.bar.length() != Some(step.n_steps);
        self.bar.set_length(step.n_steps);
        self.bar.set_position(step.step);
        // Most steps are too short to be seen.
        if is_first || step.step % 20 == 1 || step.seconds / step.step as f64 > 0.01 {
            let rate = throughput(step.n_samples as f64 / step.seconds);
            self.bar.set_message(format!("loss {:.3}  {rate}", step.loss));
        }
        // Not before: where nothing is done yet, the time that is left is not known.
        if is_first {
            self.bar.set_style(bar_style());
        }
    }

    /// Shows that `done` of `all` are done.
    pub fn share(&self, done: usize, all: usize) {
        if self.bar.is_hidden() && self.shown_at.is_some_and(|at| at <= Instant::now()) {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_length(all as u64);
        self.bar.set_position(done as u64);
        self.bar.set_message(format!("{done} of {all}"));
    }

    /// Prints a line above the bar.
    pub(crate) fn line(&self, text: &str) {
        self.above(|| line(text));
    }

    /// Lets `print` write above the bar.
    pub(crate) fn above(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    /// Prints a warning to standard error, above the bar.
    pub(crate) fn warn(&self, text: &str) {
        self.above(|| complain(format_args!("warning: {text}")));
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// As wide as the terminal, up to a width that can still be taken in at a glance.
fn bar_style() -> ProgressStyle {
    let bar = if width() <= 100 { "{wide_bar:.cyan/dim}" } else { "{bar:55.cyan/dim}" };
    let style = format!("{bar} {{percent:>3}} %  {{msg}}  {{eta}} left");
    self::style(&style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_fits_into_the_line() {
        let report = |validation: Option<f64>| -> EpochReport {
            let report = serde_json::json!({
                "epoch": 3, "step": 1800, "train_loss": 0.25, "train_accuracy": 0.925, "validation_loss": validation,
                "validation_accuracy": validation, "test_loss": 0.5, "test_accuracy": 0.5, "learning_rate": 0.1,
                "seconds": 1.25, "samples_per_second": 48_000.0,
            });
            serde_json::from_value(report).unwrap()
        };
        let within = |columns: usize, validation| epoch_within(&report(validation), 16, columns);
        let whole = "epoch  3/16  loss 0.2500  train 92.50 %  test 50.00 %  1.25 s  48 k samples/s";
        assert_eq!(within(80, None), whole);
        assert_eq!(within(60, None), &whole[..whole.find("  1.25").unwrap()]);
        assert_eq!(within(60, Some(0.75)), "epoch  3/16  loss 0.2500  val 75.00 %  test 50.00 %  1.25 s");
        assert_eq!(within(40, None), "epoch  3/16  loss 0.2500  test 50.00 %");
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(thousands(7.4), "7");
        assert_eq!(thousands(999.6), "1 000");
        assert_eq!(thousands(1_234_567.0), "1 234 567");
        assert_eq!(throughput(371_657.0), "372 k samples/s");
        assert_eq!(throughput(8.2), "8 samples/s");
    }
}
