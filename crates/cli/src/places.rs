//! Where results go: that no two outputs are the same file, and where those of an interrupted run go.

use std::{
    ffi::OsString,
    path::{Component, Path, PathBuf},
};

use crate::{Result, Usage};

/// The path of a file whichever way it is written: without links and `..`, also where it is yet to be made.
fn identity(path: &Path) -> PathBuf {
    if let Ok(found) = path.canonicalize() {
        return found;
    }
    let parent =
        path.parent().map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
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

/// Refuses files of which two are the same: one would replace the other. Each is given with the option that names it.
pub(crate) fn check_distinct(files: &[(&str, PathBuf)]) -> Result<()> {
    for (i, (option, file)) in files.iter().enumerate() {
        if let Some((other, _)) = files[..i].iter().find(|(_, earlier)| are_same(earlier, file)) {
            return Usage::error(format!("{other} and {option} name the same file, {}", file.display()));
        }
    }
    Ok(())
}

/// Where an interrupted run writes what was to go to `path` at its end: there, if nothing is there; else beside it, and never over a
/// file but the one that it went on from.
pub(crate) fn of_interrupted(path: &Path, resumed: Option<&Path>) -> PathBuf {
    let beside = |number: u32| {
        let mut name = match path.extension() {
            // A page is still opened by a browser.
            Some(html) if html == "html" => path.with_extension("").into_os_string(),
            _ => OsString::from(path),
        };
        name.push(".interrupted");
        if number > 1 {
            name.push(format!("-{number}"));
        }
        if path.extension().is_some_and(|html| html == "html") {
            name.push(".html");
        }
        PathBuf::from(name)
    };
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
        let error = check_distinct(&[("--a", at("x")), ("--b", at("y")), ("--c", at("a/../x"))]).unwrap_err();
        assert!(error.to_string().starts_with("--a and --c name the same file, "), "{error}");
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
