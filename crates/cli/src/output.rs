//! Printing: plain lines for people, one JSON object per line for programs, a progress bar in a terminal.

use std::{
    borrow::Cow,
    fmt::Display,
    io::{self, ErrorKind, IsTerminal, Write},
    sync::{
        OnceLock,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

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

/// Writes one line to standard error, [harmless](harmless) whatever is in it. Where that cannot be done, as on a full disk or in a
/// terminal that was closed, nobody can be told; it is no reason to end.
pub(crate) fn complain(text: impl Display) {
    let _ = writeln!(io::stderr(), "{}", harmless(&text.to_string()));
}

/// Text as one line that does nothing to a terminal but to show. Names in files, paths and messages about them may hold anything:
/// what moves the cursor, ends the line, sets a title or turns the direction of reading is written as JSON does, `\u001b`, so that
/// JSON stays what it was.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    let acts = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 5);
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            '\r' => shown.push_str("\\r"),
            c if acts(c) => {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| shown.push_str(&format!("\\u{unit:04x}")));
            }
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
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

/// How often a bar is drawn.
const TICK: Duration = Duration::from_millis(200);

/// Shows a spinner while `work` runs, if `wanted`, in a terminal, once it has taken a second.
pub(crate) fn spin<R>(wanted: bool, message: &'static str, work: impl FnOnce() -> R) -> R {
    let (done, is_done) = mpsc::channel::<()>();
    thread::scope(|scope| {
        // Where no thread can be started, the work is done without a spinner.
        let _ = thread::Builder::new().spawn_scoped(scope, move || {
            if let Err(RecvTimeoutError::Timeout) = is_done.recv_timeout(PATIENCE) {
                let spinner = bar(wanted, "{spinner} {msg}  {elapsed}", Duration::from_millis(100));
                spinner.set_message(message);
                // Until the other end is dropped.
                let _ = is_done.recv();
                spinner.finish_and_clear();
            }
        });
        let result = work();
        drop(done);
        result
    })
}

/// A bar of this form that is drawn so often, if `wanted` and both outputs are terminals; else one that is never seen.
fn bar(wanted: bool, template: &str, tick: Duration) -> ProgressBar {
    if !(wanted && io::stdout().is_terminal() && io::stderr().is_terminal()) {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(1).with_style(style(template));
    bar.enable_steady_tick(tick);
    bar
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
        let bar = bar(wanted, "{msg}", TICK).with_message("the first step …");
        Bar { bar, shown_at: None }
    }

    /// The same for work that is counted by [`share`](Bar::share), once it has taken a second.
    pub(crate) fn after_a_second(wanted: bool) -> Bar {
        let bar = bar(wanted, "{bar:40.cyan/dim} {msg}", TICK);
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
    fn nothing_that_is_printed_acts_on_a_terminal() {
        assert_eq!(
            harmless("größe 숫자 371\u{202f}k e\u{301} 👩\u{200d}🔬"),
            "größe 숫자 371\u{202f}k e\u{301} 👩\u{200d}🔬"
        );
        let (title, clear, left) = ("a\u{1b}]0;b\u{7}", "\u{9b}2J\u{7f}", "\u{202e}gpj\u{2066}");
        assert_eq!(
            [title, clear, left, "a\nb\r\tc", "\u{e0041}"].map(harmless),
            [
                "a\\u001b]0;b\\u0007",
                "\\u009b2J\\u007f",
                "\\u202egpj\\u2066",
                "a\\nb\\r\\tc",
                "\\udb40\\udc41"
            ]
        );
        // JSON says the same as before.
        let name = [title, clear, left, "\u{e0041}\n"].concat();
        let object = serde_json::json!({ "name": name });
        let printed = object.to_string();
        assert_eq!(serde_json::from_str::<Value>(&harmless(&printed)).unwrap(), object);
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
