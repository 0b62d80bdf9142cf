//! Where results go: that no two outputs are the same file, and where those of an interrupted run go.

use std::{
    ffi::{OsStr, OsString},
    io::{self, ErrorKind},
    path::{Component, Path, PathBuf},
};

use chainrule_files::{clear_up, write_file, write_new_file};
use chainrule_logs::SCALARS;
use chainrule_trainer::Checkpoints;

use crate::{Result, Usage, train_mnist::LOGGED_NETWORK};

/// The path of a file whichever way it is written: without links and `..`, also where it is yet to be made.
fn identity(path: &Path) -> PathBuf {
    behind_links(path, 40)
}

/// The same, through links of which the last may lead to what is yet to be made: at most so many, since they may go in a circle.
fn behind_links(path: &Path, n_links: u32) -> PathBuf {
    if let Ok(found) = path.canonicalize() {
        return found;
    }
    let parent =
        path.parent().map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
    if let (1.., Some(parent), Ok(target)) = (n_links, parent, path.read_link()) {
        return behind_links(&parent.join(target), n_links - 1);
    }
    let identity = |path: &Path| behind_links(path, n_links);
    match (parent, path.components().next_back()) {
        (Some(parent), Some(Component::Normal(name))) => identity(parent).join(name),
        (Some(parent), Some(Component::ParentDir)) => {
            let mut above = identity(parent);
            above.pop();
            above
        }
        (Some(parent), Some(Component::CurDir)) => identity(parent),
        _ => path.to_path_buf(),
    }
}

/// Whether both name the same file.
pub(crate) fn are_same(a: &Path, b: &Path) -> bool {
    identity(a) == identity(b)
}

/// A file or a folder, with the option that names it.
pub(crate) type Named = (&'static str, PathBuf);

/// Refuses outputs of which one would replace another, or an input.
pub(crate) fn check_distinct(outputs: &[Named], inputs: &[Named]) -> Result<()> {
    for (i, (option, file)) in outputs.iter().enumerate() {
        if let Some((other, _)) = outputs[..i].iter().chain(inputs).find(|(_, other)| are_same(other, file)) {
            return Usage::error(format!("{other} and {option} name the same file, {}", file.display()));
        }
    }
    Ok(())
}

/// Whether runs give their files in `--checkpoint-dir` or `--log-dir` this name.
pub(crate) fn is_of_run(file: &Path) -> bool {
    let names = [LOGGED_NETWORK, SCALARS].map(OsStr::new);
    Checkpoints::has_name(file) || file.file_name().is_some_and(|name| names.contains(&name))
}

/// Refuses outputs that would be a folder of a run, or replace a file in it: one whose name is taken in the folder of this option.
pub(crate) fn check_beside(
    outputs: &[Named],
    folders: &[Named],
    is_taken: impl Fn(&str, &Path) -> bool,
) -> Result<()> {
    for (option, file) in outputs {
        let found = identity(file);
        for (other, folder) in folders {
            let folder = identity(folder);
            if folder.starts_with(&found) {
                let file = file.display();
                return Usage::error(format!("{option} names the file {file}, and {other} a folder there"));
            }
            if found.parent() == Some(&folder) && is_taken(other, &found) {
                return Usage::error(format!(
                    "{option} and {other} name the same file, {}: runs name theirs so",
                    file.display()
                ));
            }
        }
    }
    Ok(())
}

/// Writes what was to go to `path` at the end of a run that was interrupted, and returns [where](of_interrupted): of several
/// runs that are interrupted at the same moment, none replaces what another has written.
pub(crate) fn write_interrupted(path: &Path, resumed: Option<&Path>, bytes: &[u8]) -> io::Result<PathBuf> {
    loop {
        let place = of_interrupted(path, resumed);
        let written = match place.symlink_metadata() {
            Ok(_) => write_file(&place, bytes),
            Err(_) => write_new_file(&place, bytes),
        };
        match written {
            Err(cause) if cause.kind() == ErrorKind::AlreadyExists => {}
            written => return written.map(|()| place),
        }
    }
}

/// Removes what runs that were killed have left of the files that they wrote when they were interrupted.
pub(crate) fn clear_up_interrupted(path: &Path) {
    clear_up(&beside(path, 1));
}

/// The place beside `path` for what was interrupted.
fn beside(path: &Path, number: u32) -> PathBuf {
    let is_page = path.extension().is_some_and(|html| html == "html");
    let mut name = match is_page {
        // A page is still opened by a browser.
        true => path.with_extension("").into_os_string(),
        false => OsString::from(path),
    };
    name.push(".interrupted");
    if number > 1 {
        name.push(format!("-{number}"));
    }
    if is_page {
        name.push(".html");
    }
    PathBuf::from(name)
}

/// Where an interrupted run writes what was to go to `path` at its end: there, if nothing is there; else beside it, and never over a
/// file but the one that it went on from.
fn of_interrupted(path: &Path, resumed: Option<&Path>) -> PathBuf {
    let beside = |number: u32| beside(path, number);
    let is_free = |path: &PathBuf| path.symlink_metadata().is_err();
    let may_be_replaced =
        |path: &PathBuf| is_free(path) || resumed.is_some_and(|resumed| are_same(resumed, path));
    match is_free(&path.to_path_buf()) {
        true => path.to_path_buf(),
        false => (1..).map(beside).find(may_be_replaced).expect("there are more numbers than files"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_the_same_whichever_way_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        fs::create_dir(at("a")).unwrap();
        for (one, other) in [
            ("x", "./x"),
            ("a/x", "a/../a/x"),
            ("new/x", "./new/./x"),
            ("new/x", "new/b/../x"),
            ("x", "a/../x"),
        ] {
            assert!(are_same(&at(one), &at(other)), "{one} {other}");
        }
        assert!(!are_same(&at("x"), &at("a/x")) && !are_same(&at("x"), &at("y")));
        assert!(are_same(Path::new("x"), Path::new("./x")));
        #[cfg(unix)]
        {
            // Links to a file that is yet to be made, and in a circle.
            use std::os::unix::fs::symlink;
            for (link, target) in [("link", "a/x"), ("a/back", "../link"), ("one", "other"), ("other", "one")]
            {
                symlink(target, at(link)).unwrap();
            }
            assert!(are_same(&at("link"), &at("a/x")) && are_same(&at("a/back"), &at("a/x")));
            assert!(!are_same(&at("link"), &at("x")) && !are_same(&at("one"), &at("x")));
        }
        let outputs = [("--a", at("x")), ("--b", at("y")), ("--c", at("a/../x"))];
        let error = check_distinct(&outputs, &[]).unwrap_err();
        assert!(error.to_string().starts_with("--a and --c name the same file, "), "{error}");
    }

    #[test]
    fn an_output_is_no_folder_of_the_run_and_no_file_that_it_names() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        let check = |file: &str, of: &str| {
            check_beside(&[("--a", at(file))], &[("--b", at(of))], |_, file| is_of_run(file))
        };
        for (file, of) in [("x", "x"), ("x", "y/../x/y/z"), ("x/network.ckpt", "./x"), ("x/.lock", "x")] {
            assert!(check(file, of).is_err(), "{file} {of}");
        }
        for (file, of) in [("x", "xy"), ("x/page.html", "x"), ("network.ckpt", "x"), ("x/y/best.ckpt", "x")] {
            assert!(check(file, of).is_ok(), "{file} {of}");
        }
    }

    #[test]
    fn runs_that_are_interrupted_at_once_replace_nothing_of_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net.ckpt");
        let write = |i: u8| write_interrupted(&path, None, &[i]).unwrap();
        let places: Vec<PathBuf> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|i| scope.spawn(move || write(i))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        for (i, place) in (0..).zip(&places) {
            assert_eq!(fs::read(place).unwrap(), [i], "{places:?}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 8);
        // What it went on from is replaced.
        let first = folder.path().join("net.ckpt.interrupted");
        assert_eq!(write_interrupted(&path, Some(&first), &[9]).unwrap(), first);
        assert_eq!(fs::read(first).unwrap(), [9]);
    }

    #[test]
    fn an_interrupted_run_replaces_only_what_it_went_on_from() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let net = at("net.ckpt");
        assert_eq!(of_interrupted(&net, None), net);
        fs::write(&net, "").unwrap();
        assert_eq!(of_interrupted(&net, None), at("net.ckpt.interrupted"));
        assert_eq!(of_interrupted(&net, Some(&net)), at("net.ckpt.interrupted"));
        fs::write(at("page.html"), "").unwrap();
        assert_eq!(of_interrupted(&at("page.html"), None), at("page.interrupted.html"));
        fs::write(at("net.ckpt.interrupted"), "").unwrap();
        assert_eq!(of_interrupted(&net, None), at("net.ckpt.interrupted-2"));
        assert_eq!(of_interrupted(&net, Some(&at("net.ckpt.interrupted"))), at("net.ckpt.interrupted"));
    }
}
