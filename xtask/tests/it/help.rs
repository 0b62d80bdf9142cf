//! What `cargo xtask` is called: by that name, also where it speaks of the commands of users.

use std::fs;

use crate::common::{Folder, clean, fails, succeeds};

#[test]
fn help_names_every_command() {
    let text = succeeds(&["--help"]);
    for command in ["train-mnist", "evaluate", "gradcheck", "ci", "Examples:"] {
        assert!(text.contains(command), "{text}");
    }
    assert!(fails(2, &["ci", "--fast"]).contains("'--fast'"));
    // The peer of that name is not the program.
    let text = succeeds(&["compare", "--help"]);
    assert!(text.contains("compare --peers chainrule ") && !text.contains("--peers cargo"), "{text}");
}

#[cfg(unix)]
#[test]
fn help_has_examples_and_fits() {
    crate::common::terminal::commands_have_help("cargo xtask", 15);
}

#[test]
fn commands_of_users_speak_of_cargo_xtask_too() {
    for (arguments, expected) in [
        (&["train-mnist", "--momentum", "0.5"][..], "; see cargo xtask train-mnist --help"),
        (&["evaluate", "net.ckpt"], "; see cargo xtask evaluate --help"),
        (&["trian-mnist"], "; see cargo xtask --help"),
        (&[], "error: no command was given; see cargo xtask --help"),
    ] {
        let error = fails(2, arguments);
        assert!(error.ends_with(expected), "{error}");
    }
    let folder = Folder::new();
    let page = folder.file("out.html");
    let page = page.to_str().unwrap();
    succeeds(&["train-mnist", "--data-dir", folder.arg(), "--epochs", "1", "--quiet", "--report", page]);
    let html = fs::read_to_string(page).unwrap();
    assert!(html.contains(&format!("cargo xtask train-mnist --data-dir {} --epochs 1</code>", folder.arg())));
}

#[test]
fn shells_complete_commands_and_options_behind_cargo() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = succeeds(&["completions", shell]);
        for word in ["train-mnist", "compare-runs", "learning-rate", "nesterov"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    // Where there is a bash, it is asked.
    let folder = Folder::new();
    let script = folder.file("xtask.bash");
    fs::write(&script, succeeds(&["completions", "bash"])).unwrap();
    let complete = |words: &str| {
        let ask = format!(
            "_cargo() {{ COMPREPLY=(from-cargo); }}; source '{}'; COMP_WORDS=({words}); \
             COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _cargo_xtask cargo \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"; \
             echo \"${{COMPREPLY[@]}}\"",
            script.display()
        );
        let output = clean("bash").args(["--norc", "-c", &ask]).output().ok()?;
        Some(format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ))
    };
    let Some(commands) = complete("cargo xtask tr") else { return };
    assert_eq!(commands.trim(), "train-mnist");
    assert_eq!(complete("cargo xtask train-mnist --learning").unwrap().trim(), "--learning-rate");
    assert_eq!(complete("cargo xtask train-mnist --optimizer ad").unwrap().trim(), "adagrad adam adamw");
    assert_eq!(complete("cargo buil").unwrap().trim(), "from-cargo");
}
